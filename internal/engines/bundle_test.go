//go:build vm

package engines

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/internal/testenv"
)

// crunBundle is a bundle as crun makes it, of a user's command.
func crunBundle(t *testing.T, uid int, args ...string) string {
	t.Helper()
	dir := testenv.OpenDir(t)
	rootfs := filepath.Join(dir, "rootfs")
	testenv.Must(t, os.Mkdir(rootfs, 0o755))
	archive, err := plain.archive()
	testenv.Must(t, err)
	unpack := exec.Command("tar", "-x", "-C", rootfs)
	unpack.Stdin = bytes.NewReader(archive)
	testenv.Must(t, unpack.Run())
	testenv.Must(t, exec.Command("crun", "spec", "--bundle", dir).Run())
	file := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(file)
	testenv.Must(t, err)
	var config map[string]any
	testenv.Must(t, json.Unmarshal(text, &config))
	process := config["process"].(map[string]any)
	process["args"], process["user"] = args, map[string]int{"uid": uid, "gid": uid}
	text, err = json.Marshal(config)
	testenv.Must(t, err)
	testenv.Must(t, os.WriteFile(file, text, 0o644))
	return dir
}

// A bundle is run by crun itself as well: chroot(2), as root and as another user.
func TestBundleByCrun(t *testing.T) {
	if chosen(t) != engine.Podman {
		return // crun comes with it
	}
	for _, uid := range []int{0, 1000} {
		r := discover(t, "--bundle", crunBundle(t, uid, "chroot", "/", "true"), "--runtime", "crun")
		if want := caps.NewSet(caps.SysChroot); r.Verdict != controller.Minimal || r.Capabilities != want {
			t.Errorf("as %d: found %q (%s: %s), want %q", uid, r.Capabilities.Names(), r.Verdict, r.Reason, want.Names())
		}
		onlyItsOwn(t, r)
	}
}
