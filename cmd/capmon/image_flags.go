package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/discover/engine"
)

// engine is the engine that is to run an image, "" if none is.
func (o discoverOptions) engine() string {
	switch {
	case o.podman != "":
		return engine.Podman
	case o.docker != "":
		return engine.Docker
	}
	return ""
}

// isContainer says whether a container is to be run, and no command.
func (o discoverOptions) isContainer() bool { return o.bundle != "" || o.engine() != "" }

// validateImage looks at what is given besides an image.
func (o discoverOptions) validateImage() error {
	image := o.podman + o.docker
	switch {
	case image == "":
		return exit.Usagef("--run-option and --exec need --podman or --docker")
	case o.podman != "" && o.docker != "" || o.bundle != "" || o.isUnit():
		return exit.Usagef("--podman, --docker, --bundle, --unit and --user-unit exclude each other: give one of them")
	case strings.HasPrefix(image, "-"):
		return exit.Usagef("%q is no image", image)
	case o.runtime != "":
		return exit.Usagef("--runtime needs --bundle: an engine's runtime is an option of its own, as in --run-option=--runtime=crun")
	case o.sandbox.set || o.jobs > 1 || len(o.devices) > 0:
		return exit.Usagef("--podman and --docker exclude --sandbox, --sandbox-device and --jobs: no sandbox holds what an engine starts")
	case len(o.skip) > 0 || o.manager != "" || o.stopRunning || o.install:
		return exit.Usagef("--skip, --manager, --stop-running and --install need --unit")
	case o.docker != "" && o.user != "":
		return exit.Usagef("--user chooses whose podman it is, and docker's daemon is one for all: the user in the container is --run-option=--user=%s", o.user)
	case o.ready == "" && o.exercise+o.reload+o.stop != "":
		return exit.Usagef("--exercise, --reload and --stop need --ready: without it capmon cannot tell when the daemon has started")
	case o.checkInside && o.check == "":
		return exit.Usagef("--exec needs --check: it says where that is run")
	case o.checkInside && (o.ready == "" || o.stop != ""):
		return exit.Usagef("--exec needs --ready, and excludes --stop: the check is run inside while the container runs")
	case o.expectExit > 255:
		return exit.Usagef("--expect-exit must be an exit status, 0 to 255")
	}
	if err := engine.CheckOptions(o.runOptions); err != nil {
		return exit.Usagef("--run-option: %v", err)
	}
	return nil
}

// openImage finds the engine and the image.
func (o *discoverOptions) openImage() (err error) {
	var as *account.Identity
	if o.user != "" {
		id, err := account.Lookup(o.user)
		if err != nil {
			return exit.Usagef("--user: %v", err)
		}
		if id.UID != 0 {
			as = &id
		}
	}
	option := "--" + o.engine()
	o.image, err = engine.Open(o.engine(), o.podman+o.docker, as)
	var broken *engine.DaemonError
	switch {
	case errors.As(err, &broken):
		return fmt.Errorf("%s: %w", option, err)
	case err != nil && o.podman != "" && as == nil && os.Getenv("SUDO_USER") != "":
		return exit.Usagef("%s: %v; --user %s looks in that user's own podman", option, err, os.Getenv("SUDO_USER"))
	case err != nil:
		return exit.Usagef("%s: %v", option, err)
	}
	o.image.Args, o.image.Options = o.command, o.runOptions
	return nil
}
