package trace_test

import (
	"os/exec"
	"strings"
	"testing"
)

// What a check is must be usable without what makes it visible: the controller
// sees attempts, and no kernel.
func TestNoEBPF(t *testing.T) {
	for _, pkg := range []string{"trace", "discover/controller", "discover/emit"} {
		out, err := exec.Command("go", "list", "-deps", "github.com/capmon/capmon/"+pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list: %v: %s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "github.com/cilium/ebpf") || strings.HasPrefix(line, "github.com/capmon/capmon/bpf") {
				t.Errorf("%s imports %s", pkg, line)
			}
		}
	}
}
