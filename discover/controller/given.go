package controller

import (
	"time"

	"github.com/capmon/capmon/caps"
)

// Given is what a discovery was told besides the command: enough to make it
// again. Its standard input and environment are not kept.
type Given struct {
	// User is NAME[:GROUP] as it was given; "" is the caller.
	User string `json:"user"`
	// Unit is the unit as it was given, a name or the path of a file, and
	// OfUser says that it is one of the user's own manager.
	Unit   string     `json:"unit"`
	OfUser bool       `json:"of_user"`
	Skip   []Scenario `json:"skip"`
	// Bundle is the directory of an OCI bundle, Runtime what runs it.
	Bundle  string `json:"bundle"`
	Runtime string `json:"runtime"`
	// Engine runs Image, with Arguments in the place of its command, and with
	// Options.
	Engine    string   `json:"engine"`
	Image     string   `json:"image"`
	Arguments []string `json:"arguments"`
	Options   []string `json:"options"`
	// Setup and the others are commands for /bin/sh -c.
	Setup    string `json:"setup"`
	Check    string `json:"check"`
	Cleanup  string `json:"cleanup"`
	Ready    string `json:"ready"`
	Exercise string `json:"exercise"`
	Reload   string `json:"reload"`
	Stop     string `json:"stop"`
	// CheckInside: Check is run inside the container.
	CheckInside bool `json:"check_inside"`
	// The limits of time; 0 is the default.
	Timeout      time.Duration `json:"timeout_ns"`
	ReadyTimeout time.Duration `json:"ready_timeout_ns"`
	HookTimeout  time.Duration `json:"hook_timeout_ns"`
	ExpectExit   int           `json:"expect_exit"`
	// ExpectOutput is a regular expression; "" is none.
	ExpectOutput string `json:"expect_output"`
	// Sandbox is "", "yes" or "net".
	Sandbox string   `json:"sandbox"`
	Devices []string `json:"devices"`
	// Require are capabilities that the command must not go on without.
	Require caps.Set `json:"require"`
}
