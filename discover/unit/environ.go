package unit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// EnvironmentFile is a file of variables that is read just before a command
// starts.
type EnvironmentFile struct {
	// Pattern is an absolute path, possibly with wildcards.
	Pattern string
	// Optional ("-"): it may be missing.
	Optional bool
}

// parseEnvironment reads one Environment= value.
func parseEnvironment(value string, spec specifiers) ([]string, error) {
	words, err := splitWords(value)
	if err != nil {
		return nil, err
	}
	for i, word := range words {
		if words[i], err = spec.expand(word); err != nil {
			return nil, err
		}
		if name, _, ok := strings.Cut(words[i], "="); !ok || !validVariable(name) {
			return nil, fmt.Errorf("%q is not NAME=VALUE", word)
		}
	}
	return words, nil
}

// setVariable is environ with the variable NAME=VALUE in the place of an
// earlier one of that name.
func setVariable(environ []string, variable string) []string {
	name, _, _ := strings.Cut(variable, "=")
	for i, other := range environ {
		if strings.HasPrefix(other, name+"=") {
			environ[i] = variable
			return environ
		}
	}
	return append(environ, variable)
}

// Read returns the variables of the file, each as NAME=VALUE.
func (f EnvironmentFile) Read() ([]string, error) {
	files, err := filepath.Glob(f.Pattern)
	if err != nil {
		return nil, fmt.Errorf("%q is not a pattern for files: %w", f.Pattern, err)
	}
	if len(files) == 0 && !f.Optional {
		return nil, fmt.Errorf("the environment file %s does not exist: create it, or write EnvironmentFile=-%s where it may be missing", f.Pattern, f.Pattern)
	}
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) && f.Optional {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", file, cause(err))
		}
		all = append(all, parseEnvironmentFile(string(text))...)
	}
	return all, nil
}

// parseEnvironmentFile reads NAME=VALUE lines as systemd does
// (parse_env_file_internal in src/basic/env-file.c): comments, quotes, and
// backslashes as in a shell, but without any expansion.
func parseEnvironmentFile(text string) []string {
	var variables []string
	for text != "" {
		text = strings.TrimLeft(text, " \t\r\n")
		if text == "" {
			break
		}
		if text[0] == '#' || text[0] == ';' {
			text = afterComment(text)
			continue
		}
		end := strings.IndexAny(text, "=\n")
		if end < 0 {
			break
		}
		if text[end] == '\n' {
			text = text[end:]
			continue
		}
		name := strings.TrimSpace(text[:end])
		var value string
		value, text = shellValue(text[end+1:])
		if validVariable(name) {
			variables = append(variables, name+"="+value)
		}
	}
	return variables
}

// afterComment is what follows a comment, which a backslash continues.
func afterComment(text string) string {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '\n':
			return text[i:]
		}
	}
	return ""
}

// shellValue reads a value up to the end of its line.
func shellValue(text string) (value, rest string) {
	text = strings.TrimLeft(text, " \t")
	var out strings.Builder
	kept := 0 // how much of out no trailing blank may be taken from
	quote := byte(0)
	i := 0
	for ; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == 0 && (c == '\n' || c == '\r'):
			return trimmedAfter(out.String(), kept), text[i:]
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			if text[i] == '\n' {
				continue
			}
			if quote == '"' && !strings.ContainsRune("\"\\`$", rune(text[i])) {
				out.WriteByte('\\')
			}
			out.WriteByte(text[i])
			kept = out.Len()
		case quote == c && quote != 0:
			quote = 0
			kept = out.Len()
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		default:
			out.WriteByte(c)
		}
	}
	return trimmedAfter(out.String(), kept), ""
}

func trimmedAfter(text string, kept int) string {
	return text[:kept] + strings.TrimRight(text[kept:], " \t")
}
