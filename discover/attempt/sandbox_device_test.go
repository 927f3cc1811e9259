package attempt_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/internal/testenv"
)

// loopDevice makes a device whose contents are a file of the test's.
func loopDevice(t *testing.T) string {
	t.Helper()
	testenv.NeedProgram(t, "losetup", "mount")
	file := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(file, bytes.Repeat([]byte("precious\n"), 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "-f", "--show", file).CombinedOutput()
	if err != nil {
		t.Fatalf("losetup: %v: %s", err, out)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if out, err := exec.Command("losetup", "-d", device).CombinedOutput(); err != nil {
			t.Errorf("losetup -d: %v: %s", err, out)
		}
	})
	return device
}

// A command with every capability does not get at a device by any of the ways
// that a file system offers, and one that was let in can be written.
func TestSandboxKeepsDevicesOut(t *testing.T) {
	requireRoot(t)
	device := loopDevice(t)
	dir := testenv.OpenDir(t)
	minor := strings.TrimPrefix(device, "/dev/loop")
	for name, way := range map[string]string{
		"by its name":               "echo evil >DEVICE; test -f DEVICE",
		"by a node of its own":      "mknod DIR/n b 7 MINOR; echo evil 1<>DIR/n",
		"by a node in /dev":         "mknod /dev/n b 7 MINOR; echo evil 1<>/dev/n",
		"by a node in shm":          "mknod /dev/shm/n b 7 MINOR; echo evil 1<>/dev/shm/n",
		"by a node in /dev/pts":     "mknod /dev/pts/n b 7 MINOR; echo evil 1<>/dev/pts/n",
		"by a mount without nodev":  "mount -t tmpfs none /mnt && mknod /mnt/n b 7 MINOR && ! echo evil 1<>/mnt/n",
		"by a mount changed to dev": "mount -o remount,bind,dev /dev && mknod /dev/n b 7 MINOR && ! echo evil 1<>/dev/n",
		"by devtmpfs":               "mount -t devtmpfs none /mnt && ! echo evil 1<>/mnt/loopMINOR",
		"by another pid namespace":  "mount -t tmpfs none /mnt && mknod /mnt/n b 7 MINOR && ! unshare -pf sh -c 'echo evil 1<>/mnt/n'",
		"by mounting it":            "mount -t tmpfs none /mnt && mknod /mnt/n b 7 MINOR && ! mount -t ext2 /mnt/n /mnt",
		"by a loop device's ioctl":  "mount -t devtmpfs none /mnt && ! losetup -d /mnt/loopMINOR",
	} {
		t.Run(name, func(t *testing.T) {
			command := strings.NewReplacer("DEVICE", device, "MINOR", minor, "DIR", dir).Replace(way)
			inside(t, sandbox.Options{}, attempt.Config{Command: []string{command + " 2>&1 || true"}})
			if text, err := os.ReadFile(device); err != nil || bytes.Contains(text, []byte("evil")) {
				t.Errorf("the device was written: %v", err)
			}
		})
	}
	t.Run("let in", func(t *testing.T) {
		inside(t, sandbox.Options{Devices: []string{device}}, attempt.Config{
			Command: []string{"echo let-in 1<>" + device + " && chmod 777 " + device + ""},
		})
		if text, err := os.ReadFile(device); err != nil || !bytes.HasPrefix(text, []byte("let-in")) {
			t.Errorf("the device was not written: %v", err)
		}
		if info, err := os.Stat(device); err != nil || info.Mode().Perm() == 0o777 {
			t.Errorf("the mode was changed outside: %v, %v", info.Mode(), err)
		}
	})
}

// What is written is bounded.
func TestSandboxMemory(t *testing.T) {
	requireRoot(t)
	const script = "head -c 8M /dev/zero >/tmp/capmon-big 2>/dev/null; head -c 8M /dev/zero >/dev/shm/big 2>/dev/null; " +
		"stat -c %s /tmp/capmon-big /dev/shm/big | awk '{n += $1} END {print n <= 4 * 1048576}'"
	if got := inside(t, sandbox.Options{Memory: 4 << 20}, attempt.Config{Command: []string{script}}); got != "1\n" {
		t.Errorf("more than 4 MiB were written: %q", got)
	}
}
