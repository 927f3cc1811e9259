// Package container runs an OCI bundle by a real runtime, once under each
// grant. What the runtime does for itself is not recorded: the recording begins
// with the container's own exec.
//
//	bundle, err := container.Open("/srv/bundle", "")
//	...
//	run, failure, err := bundle.Start(ctx, world, grant)
package container

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/caps"
)

// Bundle is a directory with a config.json (runtime-spec, "Filesystem Bundle").
type Bundle struct {
	// Dir is absolute.
	Dir string
	// Runtime is the path of the runtime.
	Runtime string
	// Args is the container's command, and UID and GID its user.
	Args     []string
	UID, GID uint32
	// Bounding and Ambient are the sets of the config, as they are today.
	Bounding, Ambient caps.Set
	NoNewPrivileges   bool

	// prefix begins the names of all its runs, and runs counts them.
	prefix string
	runs   int
	// config is the whole document: what capmon does not know stays as it is.
	config map[string]any
}

// runtimes are those that are looked for, the best first.
var runtimes = []string{"crun", "runc"}

// Open reads a bundle. runtime is a name or a path, "" the first that is
// installed. The error is one sentence.
func Open(dir, runtime string) (*Bundle, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find bundle: %w", err)
	}
	name := make([]byte, 6)
	if _, err := rand.Read(name); err != nil {
		return nil, fmt.Errorf("name container: %w", err)
	}
	b := &Bundle{Dir: dir, prefix: "capmon-" + hex.EncodeToString(name) + "-"}
	if b.Runtime, err = findRuntime(runtime); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no config.json: name the directory of an OCI bundle (runc spec makes one)", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	if err := json.Unmarshal(text, &b.config); err != nil {
		return nil, fmt.Errorf("%s/config.json: %w", dir, err)
	}
	if err := b.read(text); err != nil {
		return nil, fmt.Errorf("%s/config.json %w", dir, err)
	}
	return b, nil
}

func findRuntime(name string) (string, error) {
	names := runtimes
	if name != "" {
		names = []string{name}
	}
	for _, candidate := range names {
		if path, err := exec.LookPath(candidate); err == nil {
			return filepath.Abs(path)
		}
	}
	if name != "" {
		return "", fmt.Errorf("there is no container runtime %q: install it, or name another by --runtime", name)
	}
	return "", errors.New("no container runtime is installed: install crun or runc")
}

// read takes what capmon has to know (config.md and config-linux.md of the
// runtime-spec).
func (b *Bundle) read(text []byte) error {
	var c struct {
		Version string `json:"ociVersion"`
		Process *struct {
			Args []string `json:"args"`
			User struct {
				UID uint32 `json:"uid"`
				GID uint32 `json:"gid"`
			} `json:"user"`
			Capabilities struct {
				Bounding []string `json:"bounding"`
				Ambient  []string `json:"ambient"`
			} `json:"capabilities"`
			NoNewPrivileges bool `json:"noNewPrivileges"`
		} `json:"process"`
		Root *struct {
			Path string `json:"path"`
		} `json:"root"`
	}
	switch err := json.Unmarshal(text, &c); {
	case err != nil:
		return fmt.Errorf("is not as the runtime-spec has it: %w", err)
	case c.Version == "":
		return errors.New("has no ociVersion, so it is no OCI config")
	case c.Process == nil || len(c.Process.Args) == 0:
		return errors.New("has no process.args, so there is nothing to run")
	case c.Root == nil || c.Root.Path == "":
		return errors.New("has no root.path, so there is no file system to run it in")
	}
	root := c.Root.Path
	if !filepath.IsAbs(root) {
		root = filepath.Join(b.Dir, root)
	}
	if _, err := os.Stat(root); err != nil {
		return fmt.Errorf("names the root file system %s, which is not there", root)
	}
	b.config["root"].(map[string]any)["path"] = root
	b.Args, b.UID, b.GID = c.Process.Args, c.Process.User.UID, c.Process.User.GID
	b.Bounding, b.Ambient = caps.Known(c.Process.Capabilities.Bounding), caps.Known(c.Process.Capabilities.Ambient)
	b.NoNewPrivileges = c.Process.NoNewPrivileges
	return nil
}

// Held is what the container's first process has at its exec today.
func (b *Bundle) Held() caps.Set {
	if b.UID == 0 {
		return b.Bounding
	}
	return b.Ambient
}

// granted is config.json with a grant. A user other than root gets it by the
// ambient set; root has what the bounding set has (capabilities(7)).
func (b *Bundle) granted(grant caps.Set) ([]byte, error) {
	names := grant.Names()
	if names == nil {
		names = []string{}
	}
	ambient := names
	if b.UID == 0 {
		ambient = []string{}
	}
	process := b.config["process"].(map[string]any)
	process["capabilities"] = map[string][]string{
		"bounding": names, "permitted": names, "effective": names, "inheritable": ambient, "ambient": ambient,
	}
	// Its output is collected.
	process["terminal"] = false
	return json.Marshal(b.config)
}

// Undo is a command for the shell that removes what a capmon that dies leaves.
func (b *Bundle) Undo() string {
	return fmt.Sprintf(`for d in %s*; do test -d "$d" || continue; %s --root "$d/state" delete --force "${d#%s/}" 2>/dev/null; rm -rf "$d"; done`,
		filepath.Join(runDir, b.prefix), shellescape.Quote(b.Runtime), runDir)
}
