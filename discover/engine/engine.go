// Package engine runs a container image by podman or docker, once under each
// grant. What the engine and its runtime do for themselves is not recorded: the
// recording begins with the container's own exec.
//
//	image, err := engine.Open("podman", "web", nil)
//	...
//	err = image.Prepare(ctx)
//	run, failure, err := image.Start(ctx, world, grant)
package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
)

// The engines.
const (
	Podman = "podman"
	Docker = "docker"
)

// Image is an image that an engine can run.
type Image struct {
	// Engine is the engine, as it was asked for.
	Engine string
	// Name is the image, as it was asked for.
	Name string
	// Args take the place of the image's command, and Options are the
	// caller's, for the engine's run.
	Args, Options []string

	// What follows is known after Prepare.

	// Command is what the container runs, and UID and GID its user.
	Command  []string
	UID, GID uint32
	// Held is what the first process has at its exec today: of root what the
	// engine grants by default, of another user what it makes ambient.
	Held caps.Set
	// Default is what the engine grants by default, whoever the user is.
	Default caps.Set
	// Grantable are the capabilities that the engine knows.
	Grantable       caps.Set
	NoNewPrivileges bool

	client client
	// emulated: the client is podman, whatever it is called.
	emulated bool
	host     host
	// prefix begins the names of all its containers, and made counts them.
	prefix string
	made   int
	// ownNamespace: the container has a user namespace of its own.
	ownNamespace bool
	// executable, if not "", gets the grant as file capabilities.
	executable string
}

// Open finds an engine, and an image in its store: nothing is pulled. as is whose
// engine it is; nil is root's. The error is one sentence. It is a *DaemonError
// if the engine does not work, and else a mistake of the caller's.
func Open(engine, name string, as *account.Identity) (*Image, error) {
	suffix := make([]byte, 6)
	if _, err := rand.Read(suffix); err != nil {
		return nil, fmt.Errorf("name container: %w", err)
	}
	i := &Image{Engine: engine, Name: name, prefix: "capmon-" + hex.EncodeToString(suffix) + "-"}
	var err error
	if i.client, err = findClient(engine, as); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	version, err := i.client.output(ctx, "--version")
	if err != nil {
		return nil, &DaemonError{engine, err.Error()}
	}
	i.emulated = strings.HasPrefix(version, "podman ")
	if i.host, err = i.askHost(ctx); err != nil {
		return nil, err
	}
	if _, err := i.client.output(ctx, "image", "inspect", "--format", "{{.Id}}", "--", name); err != nil {
		return nil, fmt.Errorf("%s has no image %q: build or pull it first, capmon pulls none (%w)", engine, name, err)
	}
	return i, nil
}

// ByPodman says whether podman runs the containers, also where it is called as
// docker.
func (i *Image) ByPodman() bool { return i.emulated }

// Ambient says whether the engine makes what it grants ambient for a user that
// is not root (podman-run(1), "--cap-add"; docker does not).
func (i *Image) Ambient() bool { return i.ByPodman() }

// OwnUserNamespace says whether the container has a user namespace of its own,
// so that what it is granted counts for nothing outside. It is known after the
// first Start.
func (i *Image) OwnUserNamespace() bool { return i.ownNamespace }

// UseFileCapabilities gives the executable of that path in the image the grant
// as file capabilities, in each container that is started from now on.
func (i *Image) UseFileCapabilities(path string) { i.executable = path }

// FileCapabilities is the path given to UseFileCapabilities.
func (i *Image) FileCapabilities() string { return i.executable }

// Undo is a command for the shell that removes what a capmon that dies leaves.
func (i *Image) Undo() string {
	client := shellescape.QuoteCommand(i.client.words())
	return fmt.Sprintf(`for c in $(%s ps --all --quiet --filter name=%s); do %s "$c"; done >/dev/null 2>&1`,
		client, i.prefix, client+" "+strings.Join(i.removal(), " "))
}

// removal are the arguments that remove a container, whatever it does.
func (i *Image) removal() []string {
	if i.ByPodman() {
		return []string{"rm", "--force", "--volumes", "--time", "0"}
	}
	return []string{"rm", "--force", "--volumes"}
}
