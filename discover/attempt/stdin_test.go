package attempt

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps/account"
)

func self() account.Identity {
	return account.Identity{Name: "self", UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
}

// readAll reads what one attempt gets.
func readAll(t *testing.T, r *replay) []byte {
	t.Helper()
	file, end, err := r.open(self())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	got, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Every attempt reads the same, also where another read only a part of it.
func TestInputIsReplayed(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 50_000)
	r := newReplay(bytes.NewReader(want), maxInput, func(err error) { t.Error(err) })
	file, end, err := r.open(self())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(file, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	end()
	for range 2 {
		if got := readAll(t, r); !bytes.Equal(got, want) {
			t.Errorf("read %d bytes, want %d", len(got), len(want))
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, strings.Repeat("y\n", len(p))), nil }

// What is kept of an endless stream is bounded, and that is said once.
func TestInputIsBounded(t *testing.T) {
	const limit = 1<<20 + 7
	var said []error
	r := newReplay(endless{}, limit, func(err error) { said = append(said, err) })
	for range 2 {
		if got := readAll(t, r); len(got) != limit {
			t.Errorf("read %d bytes, want %d", len(got), limit)
		}
	}
	if len(said) != 1 || !errors.Is(said[0], errLongInput) {
		t.Errorf("said %v", said)
	}
}
