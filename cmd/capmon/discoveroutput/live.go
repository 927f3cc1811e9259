package discoveroutput

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/capmon/capmon/cmd/capmon/terminal"
)

// live is a line on the terminal that says what an attempt is doing, once it
// takes long. Of several at the same time it shows the first.
type live struct {
	w      io.Writer
	screen terminal.Screen
	began  time.Time // the whole discovery

	mu sync.Mutex
	// said is the end of what the command printed, from its last line on.
	said []byte

	running sync.Mutex
	end     func() // nil while no attempt is shown
}

func newLive(w io.Writer, s terminal.Screen) *live {
	return &live{w: w, screen: s, began: time.Now()}
}

// Write takes what the command prints. It never fails.
func (l *live) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 1 << 10
	l.said = append(l.said, p...)
	// A line that has ended is shown until the next one has begun.
	if at := bytes.LastIndexByte(bytes.TrimRight(l.said, "\r\n"), '\n'); at >= 0 {
		l.said = append(l.said[:0], l.said[at+1:]...)
	}
	if len(l.said) > most {
		l.said = append(l.said[:0], l.said[len(l.said)-most:]...)
	}
	return len(p), nil
}

// start begins to show the attempt of that label.
func (l *live) start(label string) {
	l.running.Lock()
	defer l.running.Unlock()
	if l.end != nil {
		return
	}
	l.mu.Lock()
	l.said = l.said[:0]
	l.mu.Unlock()
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		l.show(label, done)
	}()
	l.end = func() { close(done); <-finished }
}

// stop removes the line.
func (l *live) stop() {
	l.running.Lock()
	defer l.running.Unlock()
	if l.end != nil {
		l.end()
		l.end = nil
	}
}

// show writes the line anew each second. The rest of the old one is erased after
// the new one is written, so that nothing flickers.
func (l *live) show(label string, done <-chan struct{}) {
	began := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	const eraseRest, eraseLine = "\x1b[K", "\r\x1b[K"
	shown := false
	for {
		select {
		case <-done:
			if shown {
				fmt.Fprint(l.w, eraseLine)
			}
			return
		case <-tick.C:
			shown = true
			text := fmt.Sprintf("%s  %s, %s in all%s", label, seconds(began), seconds(l.began), l.lastLine())
			// The last column stays free: some terminals wrap at it.
			line := terminal.Screen{Width: l.screen.Width - 1}.Fit(text)
			fmt.Fprint(l.w, "\r"+line+eraseRest)
		}
	}
}

func seconds(since time.Time) string { return fmt.Sprintf("%.0f s", time.Since(since).Seconds()) }

func (l *live) lastLine() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := bytes.TrimRight(l.said, "\r\n")
	// What a progress bar draws over.
	if at := bytes.LastIndexByte(line, '\r'); at >= 0 {
		line = line[at+1:]
	}
	if len(line) == 0 {
		return ""
	}
	return "  | " + terminal.Printable(string(line))
}
