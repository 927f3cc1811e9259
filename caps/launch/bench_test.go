package launch

import (
	"os"
	"syscall"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

// BenchmarkDirect is fork, exec and wait without a keeper.
func BenchmarkDirect(b *testing.B) {
	for b.Loop() {
		pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLaunch is the same through a keeper, unchanged and under a grant.
func BenchmarkLaunch(b *testing.B) {
	for name, change := range map[string]func(*Spec){
		"unchanged": func(*Spec) {},
		"nobody":    func(s *Spec) { s.Identity, s.Grant, s.NoNewPrivs = nobody(), grant(), true },
	} {
		b.Run(name, func(b *testing.B) {
			k := newKeeper(b)
			spec := Spec{Path: "/bin/true", Args: []string{"true"}, Env: os.Environ()}
			change(&spec)
			ctx := within(b)
			for b.Loop() {
				p, err := k.Launch(ctx, spec, func(int) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
				if _, err := p.Wait(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStartKeeper is what a keeper costs, once in capmon's life.
func BenchmarkStartKeeper(b *testing.B) {
	testenv.NeedRoot(b, "changing users and capabilities")
	for b.Loop() {
		k, err := StartKeeper()
		if err != nil {
			b.Fatal(err)
		}
		if err := k.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
