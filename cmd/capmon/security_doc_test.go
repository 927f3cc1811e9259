package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each promise in docs/security.md names the tests that hold it, and they
// exist. What is not promised has a heading of its own.
func TestSecurityPromisesAreTested(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := testsBelow(t, root)
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+|[a-z0-9_]+\\.txtar)`")
	promises, promised := 0, false
	for _, paragraph := range strings.Split(string(text), "\n- ") {
		item, heading, _ := strings.Cut(paragraph, "\n#")
		if promised {
			promises++
			tests := named.FindAllStringSubmatch(item, -1)
			if len(tests) == 0 {
				t.Errorf("no test holds %q", item)
			}
			for _, match := range tests {
				if !known[match[1]] {
					t.Errorf("there is no test %s, which is to hold %q", match[1], item)
				}
			}
		}
		if heading != "" {
			promised = strings.Contains(heading, "# What holds")
		} else if !promised {
			promised = strings.Contains(item, "# What holds")
		}
	}
	if promises < 20 {
		t.Errorf("only %d promises", promises)
	}
}

// testsBelow are the names of all test functions and scripts.
func testsBelow(t *testing.T, root string) map[string]bool {
	t.Helper()
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	known := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && entry.Name() == ".git":
			return filepath.SkipDir
		case strings.HasSuffix(path, ".txtar"):
			known[entry.Name()] = true
		case strings.HasSuffix(path, "_test.go"):
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, match := range function.FindAllSubmatch(source, -1) {
				known[string(match[1])] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}
