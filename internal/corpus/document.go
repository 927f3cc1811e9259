package corpus

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Document is docs/corpus.md, from the results that were kept in dir.
func Document(dir string) (string, error) {
	small, err := readAll(dir, "capabilities-*.json")
	if err != nil {
		return "", err
	}
	whole, err := readAll(dir, "programs-*.json")
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString(introduction)
	writePrograms(&page, whole)
	writeCapabilities(&page, small)
	writeUndecided(&page)
	writeDistribution(&page, whole, small)
	return page.String(), nil
}

const introduction = `# What commands need

This file is written by ` + "`make corpus`" + `, from the tables in ` + "`internal/corpus`" + ` and from what capmon found.
Every set here is what the table wanted, or the test failed. What a small command has to need is written in the
kernel's documentation; what a program needs was found by brute force: without tracing, by trying everything less each
one capability, and then every part of the set (` + "`oracle_test.go`" + `).

Unless it says uid 0, a command ran as nobody. *Attempts* are those to the first success and those after it, which
show that all of the set is needed and that no lesser one does. *Seconds* is all of ` + "`capmon discover`" + `.
`

func readAll(dir, pattern string) ([]Result, error) {
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return nil, err
	}
	var all []Result
	for _, path := range paths {
		results, err := Read(dir, strings.TrimSuffix(filepath.Base(path), ".json"))
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no results %s in %s", pattern, dir)
	}
	return all, nil
}

func writePrograms(page *strings.Builder, results []Result) {
	page.WriteString("\n## Programs\n\nWhat Debian itself grants: file capabilities, a set-user-ID bit, what the systemd unit says; " +
		"\"root\" where nothing is said, so that an administrator runs it as root.\n\n" +
		"| program | command | needs | for | attempts | seconds | Debian grants |\n|---|---|---|---|---|---|---|\n")
	for _, c := range Programs() {
		i := slices.IndexFunc(results, func(r Result) bool { return r.Name == c.Name })
		if i < 0 {
			continue
		}
		r := results[i]
		fmt.Fprintf(page, "| %s | %s | %s | %s | %d + %d | %.1f | %s |\n",
			c.Name, code(c.Command), setOf(r), cell(c.Source), r.Find, r.Prove, r.Seconds, cell(r.Grants))
	}
}

func writeCapabilities(page *strings.Builder, results []Result) {
	page.WriteString("\n## Each capability\n\n| case | command | needs | source | attempts | kernels |\n|---|---|---|---|---|---|\n")
	for _, c := range Capabilities() {
		of := slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.Name != c.Name })
		if len(of) == 0 {
			continue
		}
		fmt.Fprintf(page, "| %s | %s | %s | %s | %d + %d | %s |\n",
			c.Name, code(c.Command), setOf(of[0]), cell(c.Source), of[0].Find, of[0].Prove, kernels(of))
	}
}

func writeUndecided(page *strings.Builder) {
	page.WriteString("\n## Never asked for\n\n")
	for _, u := range NeverDecided() {
		fmt.Fprintf(page, "- `%s`: %s\n", strings.ToUpper(u.Cap), u.Why)
	}
}

// setOf names what was found.
func setOf(r Result) string {
	set := "nothing"
	if r.Found != 0 {
		set = strings.Join(r.Found.Names(), ", ")
	}
	if r.Root {
		set += ", as uid 0"
	}
	return set
}

// kernels names where and how a case was run.
func kernels(of []Result) string {
	var list []string
	for _, r := range of {
		release, _, _ := strings.Cut(r.Kernel, "-")
		list = append(list, release+" "+r.Backend)
	}
	return strings.Join(list, ", ")
}

// code is a command within a cell of a table.
func code(command string) string {
	command = cell(strings.Join(strings.Fields(command), " "))
	fence := "`"
	for strings.Contains(command, fence) {
		fence += "`"
	}
	return fence + command + fence
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
