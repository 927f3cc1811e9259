//go:build vm

package engines

import (
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/testenv"
)

// daemon changes its root directory when it starts, the owner of a file for each
// client, and ends well.
const daemon = `chroot / true || exit 1; mkfifo /tmp/request; trap 'exit 0' TERM
while :; do read x </tmp/request && { chown 1 /tmp/request || exit 3; touch /tmp/answer; }; done`

// Each scenario of a daemon in a container has its own needs.
func TestScenarios(t *testing.T) {
	by := chosen(t)
	image := Image{Busybox: []string{"sh", "true", "chroot", "mkfifo", "chown", "touch", "test", "sleep"}, Changes: []string{"USER 0"}}
	testenv.Must(t, image.load(by, plainName))
	r := discover(t, "--"+by, plainName, "--run-option=--network=none",
		"--ready", by+" exec $CONTAINER test -p /tmp/request",
		"--exercise", by+` exec $CONTAINER sh -c 'echo >/tmp/request; until test -e /tmp/answer; do sleep 0.1; done'`,
		"--stop", "kill $MAINPID", "--ready-timeout", "1m", "--", "sh", "-c", daemon)
	want := []controller.ScenarioNeed{
		{Scenario: controller.Start, Needed: caps.NewSet(caps.SysChroot)},
		{Scenario: controller.Serve, Needed: caps.NewSet(caps.Chown)},
		{Scenario: controller.Stop},
	}
	if r.Verdict != controller.Minimal || len(r.Scenarios) != len(want) {
		t.Fatalf("%s (%s): %+v", r.Verdict, r.Reason, r.Scenarios)
	}
	for i, s := range r.Scenarios {
		if s.Scenario != want[i].Scenario || s.Needed != want[i].Needed {
			t.Errorf("%s needs %q, want %s needs %q", s.Scenario, s.Needed.Names(), want[i].Scenario, want[i].Needed.Names())
		}
	}
	nothingLeft(t, by)
}
