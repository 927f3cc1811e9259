package engine

import (
	"fmt"
	"slices"
	"strings"
)

// own are the options of run that capmon gives itself, or that would make an
// attempt mean nothing.
var own = map[string]string{
	"--cap-add": "capmon grants capabilities itself", "--cap-drop": "capmon grants capabilities itself",
	"--privileged": "a privileged container has every capability",
	"--name":       "capmon names its containers", "--replace": "capmon names its containers",
	"--rm": "capmon removes its containers", "--cidfile": "capmon removes its containers", "--pod": "capmon removes its containers",
	"--detach": "capmon waits for the container", "-d": "capmon waits for the container",
	"--attach": "capmon reads the container's output", "-a": "capmon reads the container's output",
	"--restart": "each attempt starts the container once",
	"--pull":    "capmon pulls no image",
}

// CheckOptions returns an error, one sentence, if there is an option that capmon
// cannot pass on.
func CheckOptions(options []string) error {
	for _, option := range options {
		name, _, _ := strings.Cut(option, "=")
		if why, is := own[name]; is {
			return fmt.Errorf("%s cannot be passed on: %s", name, why)
		}
	}
	if len(options) > 0 && !strings.HasPrefix(options[0], "-") {
		return fmt.Errorf("%q is no option: give each word of the engine's options by itself, as in --network=none", options[0])
	}
	if slices.Contains(options, "--") {
		return fmt.Errorf("-- cannot be passed on: what stands behind it is the image's")
	}
	return nil
}
