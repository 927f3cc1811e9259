// Package workloads reads capmon.yaml: the workloads of a repository, each with
// the set that it is expected to need (docs/capmon.schema.json).
package workloads

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
)

// FileName is what the file is called.
const FileName = "capmon.yaml"

// Workload is one of them.
type Workload struct {
	Name string
	// Command is one element for the shell, or several; none of a unit, a bundle
	// or an image.
	Command []string
	Given   controller.Given
	Needs   caps.Set
	// Line is where it begins.
	Line int
}

// Error is a mistake in the file.
type Error struct {
	Line, Column int
	Text         string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", FileName, e.Line, e.Column, e.Text)
}

func at(n *yaml.Node, format string, args ...any) error {
	return &Error{n.Line, n.Column, fmt.Sprintf(format, args...)}
}

// Read reads the file. The error is an *Error if the file is not as it should
// be.
func Read(r io.Reader) ([]Workload, error) {
	var document yaml.Node
	if err := yaml.NewDecoder(r).Decode(&document); err != nil {
		if err == io.EOF {
			return nil, &Error{1, 1, "it is empty: list workloads"}
		}
		return nil, fmt.Errorf("%s: %s", FileName, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	root := document.Content[0]
	list, err := only(root, "workloads")
	if err != nil {
		return nil, err
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, at(list, "workloads must be a list of at least one workload")
	}
	var workloads []Workload
	for _, n := range list.Content {
		w, err := read(n)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(workloads, func(o Workload) bool { return o.Name == w.Name }) {
			return nil, at(n, "two workloads are called %q", w.Name)
		}
		workloads = append(workloads, w)
	}
	return workloads, nil
}

// only is the value of the one key that a mapping may have.
func only(n *yaml.Node, key string) (*yaml.Node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, at(n, "it must be a mapping with the key %s", key)
	}
	var found *yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			return nil, at(n.Content[i], "unknown key %q: there is only %s", n.Content[i].Value, key)
		}
		found = n.Content[i+1]
	}
	if found == nil {
		return nil, at(n, "the key %s is missing", key)
	}
	return found, nil
}

// keys set the fields of a workload.
var keys = map[string]func(w *Workload, n *yaml.Node) error{
	"name":          text(func(w *Workload) *string { return &w.Name }),
	"command":       func(w *Workload, n *yaml.Node) (err error) { w.Command, err = words(n); return err },
	"user":          text(func(w *Workload) *string { return &w.Given.User }),
	"unit":          text(func(w *Workload) *string { return &w.Given.Unit }),
	"bundle":        text(func(w *Workload) *string { return &w.Given.Bundle }),
	"runtime":       text(func(w *Workload) *string { return &w.Given.Runtime }),
	"podman":        image(engine.Podman),
	"docker":        image(engine.Docker),
	"args":          list(func(w *Workload) *[]string { return &w.Given.Arguments }),
	"run-option":    list(func(w *Workload) *[]string { return &w.Given.Options }),
	"exec":          checkInside,
	"setup":         text(func(w *Workload) *string { return &w.Given.Setup }),
	"check":         text(func(w *Workload) *string { return &w.Given.Check }),
	"cleanup":       text(func(w *Workload) *string { return &w.Given.Cleanup }),
	"ready":         text(func(w *Workload) *string { return &w.Given.Ready }),
	"exercise":      text(func(w *Workload) *string { return &w.Given.Exercise }),
	"reload":        text(func(w *Workload) *string { return &w.Given.Reload }),
	"stop":          text(func(w *Workload) *string { return &w.Given.Stop }),
	"skip":          skip,
	"timeout":       duration(func(w *Workload) *time.Duration { return &w.Given.Timeout }),
	"ready-timeout": duration(func(w *Workload) *time.Duration { return &w.Given.ReadyTimeout }),
	"hook-timeout":  duration(func(w *Workload) *time.Duration { return &w.Given.HookTimeout }),
	"expect-exit":   expectExit,
	"expect-output": expectOutput,
	"sandbox":       sandbox,
	"needs":         needs,
}

func read(n *yaml.Node) (Workload, error) {
	w := Workload{Line: n.Line}
	if n.Kind != yaml.MappingNode {
		return w, at(n, "a workload must be a mapping with a name")
	}
	given := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		set, known := keys[key.Value]
		switch {
		case !known:
			return w, at(key, "unknown key %q: the keys are %s", key.Value, strings.Join(Keys(), ", "))
		case given[key.Value]:
			return w, at(key, "the key %s is given twice", key.Value)
		}
		given[key.Value] = true
		if err := set(&w, value); err != nil {
			return w, err
		}
	}
	what := 0
	for _, is := range []bool{given["command"], given["unit"], given["bundle"], given["podman"], given["docker"]} {
		if is {
			what++
		}
	}
	switch {
	case w.Name == "":
		return w, at(n, "a workload has no name")
	case what != 1:
		return w, at(n, "workload %s: give one of command, unit, bundle, podman and docker", w.Name)
	case !given["needs"]:
		return w, at(n, "workload %s: needs is missing: list the capabilities, [] for none", w.Name)
	}
	return w, nil
}

// Keys are those of a workload, sorted.
func Keys() []string {
	var names []string
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func text(field func(*Workload) *string) func(*Workload, *yaml.Node) error {
	return func(w *Workload, n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			return at(n, "a text is wanted here")
		}
		*field(w) = n.Value
		return nil
	}
}

func duration(field func(*Workload) *time.Duration) func(*Workload, *yaml.Node) error {
	return func(w *Workload, n *yaml.Node) error {
		d, err := time.ParseDuration(n.Value)
		if err != nil || d <= 0 {
			return at(n, "%q is not a time: give one such as 10s", n.Value)
		}
		*field(w) = d
		return nil
	}
}

// words are a text for the shell, or a list of words.
func words(n *yaml.Node) ([]string, error) {
	if n.Kind == yaml.ScalarNode && n.Value != "" {
		return []string{n.Value}, nil
	}
	list, err := texts(n)
	if err == nil && len(list) < 2 {
		err = at(n, "a command is a text for the shell, or a list of at least two words")
	}
	return list, err
}

func texts(n *yaml.Node) ([]string, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, at(n, "a list is wanted here")
	}
	var list []string
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, at(item, "a text is wanted here")
		}
		list = append(list, item.Value)
	}
	return list, nil
}

func image(by string) func(*Workload, *yaml.Node) error {
	return func(w *Workload, n *yaml.Node) error {
		w.Given.Engine = by
		return text(func(w *Workload) *string { return &w.Given.Image })(w, n)
	}
}

func list(field func(*Workload) *[]string) func(*Workload, *yaml.Node) error {
	return func(w *Workload, n *yaml.Node) (err error) {
		*field(w), err = texts(n)
		return err
	}
}

func checkInside(w *Workload, n *yaml.Node) error {
	if n.Value != "true" && n.Value != "false" {
		return at(n, "%q is neither true nor false", n.Value)
	}
	w.Given.CheckInside = n.Value == "true"
	return nil
}

func skip(w *Workload, n *yaml.Node) error {
	list, err := texts(n)
	for i, name := range list {
		scenario := controller.Scenario(name)
		if scenario != controller.Reload && scenario != controller.Stop {
			return at(n.Content[i], "%q is not a scenario that can be left out: name reload or stop", name)
		}
		w.Given.Skip = append(w.Given.Skip, scenario)
	}
	return err
}

func expectExit(w *Workload, n *yaml.Node) error {
	status, err := strconv.Atoi(n.Value)
	if err != nil || status < 0 || status > 255 {
		return at(n, "%q is not an exit status, 0 to 255", n.Value)
	}
	w.Given.ExpectExit = status
	return nil
}

func expectOutput(w *Workload, n *yaml.Node) error {
	if _, err := regexp.Compile(n.Value); err != nil {
		return at(n, "%q is not a regular expression", n.Value)
	}
	w.Given.ExpectOutput = n.Value
	return nil
}

func sandbox(w *Workload, n *yaml.Node) error {
	switch n.Value {
	case "true":
		w.Given.Sandbox = "yes"
	case "net":
		w.Given.Sandbox = "net"
	case "false":
	default:
		return at(n, "%q is not a kind of sandbox: give true, net or false", n.Value)
	}
	return nil
}

func needs(w *Workload, n *yaml.Node) error {
	list, err := texts(n)
	if err != nil {
		return err
	}
	for i, name := range list {
		c, err := caps.Parse(name)
		if err != nil {
			return at(n.Content[i], "%v", err)
		}
		w.Needs = w.Needs.With(c)
	}
	return nil
}
