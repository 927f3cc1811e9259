package discover

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
)

// discoverImage is Discover for an image.
func (d *Discoverer) discoverImage(ctx context.Context, c Command) (Report, error) {
	switch {
	case len(c.Args) > 0:
		return Report{}, errors.New("discover: an image and a command")
	case d.sandboxes != nil:
		return Report{}, errors.New("an engine makes no container in a sandbox: leave one of them out")
	case c.CheckInside && (c.Ready == "" || c.Stop != ""):
		return Report{}, errors.New("a check inside a container takes one that runs: with a readiness command, and not stopped")
	}
	dir, err := os.Getwd()
	if err != nil {
		return Report{}, fmt.Errorf("find working directory: %w", err)
	}
	i := c.Image
	r := Report{Schema: Schema, Given: d.given(c), Directory: dir, Kernel: kernelRelease(), Backend: d.Backend()}
	err = d.undone(c, i.Undo(), func(c Command) (err error) {
		// The search then finds that it was interrupted.
		if err := i.Prepare(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		r.Command, r.User, r.Container = i.Command, byNumber(i.UID, i.GID), containerOf(i)
		blank := r
		if r, err = d.discover(ctx, c, blank); err == nil {
			r, err = d.byFileCapabilities(ctx, c, blank, r)
		}
		r.Container.UserNamespace = i.OwnUserNamespace()
		return err
	})
	return r, err
}

// byFileCapabilities searches again where the engine gives the user nothing: with
// each grant as file capabilities of the executable that failed. found is the
// result without them, which stays if they are of no use.
func (d *Discoverer) byFileCapabilities(ctx context.Context, c Command, blank, found Report) (Report, error) {
	i := c.Image
	path := failedExecutable(found)
	if found.Verdict != NotFound || found.Interrupted || i.Ambient() || i.UID == 0 || i.NoNewPrivileges || path == "" {
		return found, nil
	}
	d.settings.warn(fmt.Errorf("%s gives uid %d nothing of what it grants: beginning again, with each grant as file capabilities of %s", i.Engine, i.UID, path))
	i.UseFileCapabilities(path)
	again, err := d.discover(ctx, c, blank)
	if err != nil || again.Verdict == NotFound {
		i.UseFileCapabilities("")
		return found, err
	}
	again.Container.FileCapabilities = path
	return again, nil
}

// failedExecutable is what the process executed in which the failure began; ""
// if that is not known.
func failedExecutable(r Report) string {
	for _, a := range r.Runs {
		if a.Failed != nil && a.Failed.Exe != "" {
			return a.Failed.Exe
		}
	}
	for _, a := range r.Runs {
		for _, check := range a.Checks {
			if check.Decisive() && check.Process.Exe != "" {
				return check.Process.Exe
			}
		}
	}
	return ""
}

// containerOf is the container as it is today.
func containerOf(i *engine.Image) *controller.Container {
	return &controller.Container{
		Engine: i.Engine, Image: i.Name, Options: i.Options, Held: i.Held, Default: i.Default,
		Ambient: i.Ambient(), NoNewPrivileges: i.NoNewPrivileges,
	}
}
