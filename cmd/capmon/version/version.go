// Package version says which capmon this is.
package version

import (
	_ "embed"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

// archive has the tag, commit and date that git archive has put into a source
// tarball (gitattributes(5), export-subst); elsewhere its placeholders.
//
//go:embed archive.txt
var archive string

// Schema names the form of the JSON, docs/version.schema.json.
const Schema = "capmon.version/1"

// Info is what is known of the build.
type Info struct {
	Schema string `json:"schema"`
	// Version is that of the module: a tag, a pseudo-version, "(devel)" where
	// the build knows no better, or "unknown".
	Version string `json:"version"`
	// Commit is the full hash, and Date when it was made, as RFC 3339 has
	// it; "" where the build was not made from a repository.
	Commit string `json:"commit"`
	Date   string `json:"date"`
	// Modified: the build had changes that were not committed.
	Modified     bool   `json:"modified"`
	Go           string `json:"go"`
	Architecture string `json:"architecture"`
}

// Read returns what the build wrote into the program.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	return read(build, archive)
}

func read(build *debug.BuildInfo, archive string) Info {
	i := Info{Schema: Schema, Version: build.Main.Version, Go: runtime.Version(), Architecture: runtime.GOARCH}
	if i.Version == "" {
		i.Version = "unknown"
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			i.Commit = s.Value
		case "vcs.time":
			i.Date = s.Value
		case "vcs.modified":
			i.Modified = s.Value == "true"
		}
	}
	if i.Commit == "" && (i.Version == "unknown" || i.Version == "(devel)") {
		i.takeArchive(archive)
	}
	return i
}

// takeArchive is for a build from a source tarball.
func (i *Info) takeArchive(archive string) {
	const placeholder = "$"
	lines := strings.Split(archive, "\n")
	if len(lines) < 3 || strings.HasPrefix(lines[1], placeholder) {
		return
	}
	if lines[0] != "" {
		i.Version = lines[0]
	}
	i.Commit, i.Date = lines[1], lines[2]
}

// Write writes i for a person.
func (i Info) Write(w io.Writer) error {
	commit := orUnknown(i.Commit)
	if i.Modified {
		commit += ", with changes that were not committed"
	}
	_, err := fmt.Fprintf(w, "capmon %s\ncommit %s\ndate %s\n%s, %s\n", i.Version, commit, orUnknown(i.Date), i.Go, i.Architecture)
	return err
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
