package units

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/service"
	"github.com/capmon/capmon/internal/discovered"
	"github.com/capmon/capmon/internal/testenv"
)

// few are the services that run with all other tests.
var few = []string{"memcached", "mosquitto", "nginx"}

// selected are the few, or all for make units.
func selected() []Case {
	return slices.DeleteFunc(Cases(), func(c Case) bool { return os.Getenv(envRun) == "" && !slices.Contains(few, c.Unit) })
}

func TestUnits(t *testing.T) {
	testenv.NeedRoot(t, "running services")
	var rows []row
	for _, c := range selected() {
		t.Run(c.Unit, func(t *testing.T) {
			if _, err := service.Open(c.Unit, nil); err != nil {
				testenv.Cannot(t, fmt.Sprintf("%v: install the package %s", err, c.Package))
			}
			want, err := caps.ParseSet(c.Want)
			testenv.Must(t, err)
			r := find(t, c)
			if os.Getenv(envManager) == service.BySystemd {
				// What the first start has made is there for the next ones.
				want &= r.Capabilities
			}
			if r.Verdict != controller.Minimal || r.Capabilities != want {
				t.Errorf("found %q (%s: %s), want %q", r.Capabilities.Names(), r.Verdict, r.Reason, want.Names())
			}
			if outside := r.Capabilities.Minus(r.Unit.Bounding); outside != 0 {
				t.Errorf("%q is more than the unit itself allows", outside.Names())
			}
			if os.Getenv(envManager) == service.BySystemd && !r.Unit.Proven {
				t.Error("systemd did not start it with exactly the drop-in")
			}
			if os.Getenv(envRun) == "search" {
				searched(t, c, want)
			}
			rows = append(rows, newRow(t, c, r))
		})
	}
	if file := os.Getenv(envOut); file != "" && !t.Failed() {
		testenv.Must(t, os.WriteFile(file, document(rows), 0o644))
	}
}

// find runs capmon discover for the case, as a user would.
func find(t *testing.T, c Case) controller.Report {
	t.Helper()
	args := []string{"discover", "--json", "--unit", c.Unit, "--exercise", c.Exercise}
	if os.Getenv(envManager) == service.BySystemd {
		args = append(args, "--manager", service.BySystemd)
	} else {
		args = append(args, "--sandbox=net")
	}
	if c.Setup != "" {
		args = append(args, "--setup", c.Setup)
	}
	if c.Skip != "" {
		args = append(args, "--skip", c.Skip)
	}
	cmd := exec.Command(capmonBinary, args...)
	r, said := discovered.Report(t, cmd)
	if t.Failed() || r.Verdict != controller.Minimal {
		t.Log(said)
	}
	return r
}
