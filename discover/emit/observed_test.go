package emit_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/internal/testenv"
)

// Every form of a set that was observed says so, and names the set.
func TestObservedSaysSo(t *testing.T) {
	for _, format := range emit.ObservedFormats() {
		r := observedReport("unit nginx\n.service", caps.NewSet(caps.SysChroot, caps.NetBindService))
		var b bytes.Buffer
		testenv.Must(t, emit.Write(&b, format, r))
		text := b.String()
		if !strings.Contains(strings.ToLower(text), "observed, not proven") {
			t.Errorf("%s does not say that it is not proven:\n%s", format, text)
		}
		for _, name := range []string{"sys_chroot", "net_bind_service"} {
			if !strings.Contains(strings.ToLower(text), name) {
				t.Errorf("%s lacks %s:\n%s", format, name, text)
			}
		}
		if strings.Contains(text, "\n.service") {
			t.Errorf("%s is broken by the name of what was watched:\n%s", format, text)
		}
	}
}

// A drop-in limits the service to what it used, and leaves its user alone. What
// is not root has it by ambient capabilities.
func TestObservedDropIn(t *testing.T) {
	const want = "[Service]\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_SYS_CHROOT\n"
	for uid, more := range map[uint32]string{0: "", 33: "AmbientCapabilities=\nAmbientCapabilities=CAP_SYS_CHROOT\n"} {
		r := observedReport("unit nginx.service", caps.NewSet(caps.SysChroot))
		r.User.UID = uid
		var b bytes.Buffer
		testenv.Must(t, emit.Write(&b, "systemd", r))
		if !strings.HasSuffix(b.String(), want+more) || !strings.Contains(b.String(), "/etc/systemd/system/nginx.service.d/") {
			t.Errorf("of uid %d:\n%s", uid, b.String())
		}
	}
}

func observedReport(target string, used caps.Set) controller.Report {
	return controller.Report{
		Watched: &controller.Watched{Target: target, Unit: "nginx.service", Since: time.Now(), For: time.Minute},
		Result:  controller.Result{Verdict: controller.Observed, Capabilities: used},
	}
}
