package follow

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace/backend"
)

// stacks are the kernel stacks that were named, each once.
type stacks struct {
	// of is the index in named of a place's stack: places stay the same while
	// the kernel runs. Two can have one and the same stack.
	of     map[bpf.CommandSite]int
	named  [][]string
	byText map[string]int
}

// newStacks has the empty one, of places whose stack was not kept.
func newStacks() stacks {
	return stacks{of: map[bpf.CommandSite]int{}, named: [][]string{nil}, byText: map[string]int{"": 0}}
}

// stack returns the kernel stack of a place, without capmon's own hook, and
// the number that it has here.
func (t *Tracer) stack(site bpf.CommandSite) ([]string, int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, known := t.stacks.of[site]
	if !known {
		var err error
		if i, err = t.nameStack(site); err != nil {
			return nil, 0, err
		}
	}
	return t.stacks.named[i], i, nil
}

func (t *Tracer) nameStack(site bpf.CommandSite) (int, error) {
	var raw bpf.CommandStack
	if err := t.maps.Stacks.Lookup(site, &raw); backend.IsMissing(err) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("read kernel stacks: %w", err)
	}
	frames, err := t.symbols.Stack(raw.Ips[:min(raw.Frames, uint64(len(raw.Ips)))])
	if err != nil {
		return 0, err
	}
	text := strings.Join(frames, " ")
	i, known := t.stacks.byText[text]
	if !known {
		i = len(t.stacks.named)
		t.stacks.named = append(t.stacks.named, frames)
		t.stacks.byText[text] = i
	}
	t.stacks.of[site] = i
	return i, nil
}
