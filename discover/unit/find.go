package unit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// Files are the files that make up a unit.
type Files struct {
	Name Name
	// Fragment is the unit file proper.
	Fragment string
	// DropIns are in the order in which they are read.
	DropIns []string
}

// NotFoundError is a unit that no directory has.
type NotFoundError struct{ Name string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("there is no unit %s: systemctl list-unit-files lists them", e.Name)
}

// MaskedError is a unit that was made unusable (systemctl mask).
type MaskedError struct{ Name, File string }

func (e *MaskedError) Error() string {
	return fmt.Sprintf("unit %s is masked by %s: systemctl unmask %s", e.Name, e.File, e.Name)
}

// maxAliases ends the following of links that lead to themselves.
const maxAliases = 40

// Find finds the files of the unit in the directories of path, as systemd
// does: the first directory that has the name wins, a link to another name is
// an alias, a link to /dev/null masks, and an instance without a file is made
// from its template.
func Find(name Name, path []string) (Files, error) {
	if name.IsTemplate() {
		return Files{}, &TemplateError{name}
	}
	names := []Name{name}
	asked := name
	for range maxAliases {
		file, err := lookup(name, path)
		if err != nil {
			return Files{}, err
		}
		if file == "" {
			return Files{}, &NotFoundError{asked.String()}
		}
		next, masked, err := follow(file, name, path)
		switch {
		case err != nil:
			return Files{}, err
		case masked:
			return Files{}, &MaskedError{asked.String(), file}
		case next == name:
			dropIns, err := dropIns(names, path)
			return Files{Name: name, Fragment: file, DropIns: dropIns}, err
		}
		name = next
		names = append(names, name)
	}
	return Files{}, fmt.Errorf("unit %s is an alias of itself: remove one of the links", asked)
}

// TemplateError is a template where a unit is wanted.
type TemplateError struct{ Name Name }

func (e *TemplateError) Error() string {
	return fmt.Sprintf("%s is a template: name an instance, such as %s@NAME.service", e.Name, e.Name.Prefix)
}

// FindFile is Find for a unit file outside of the search path. Drop-ins beside
// it are read, and those in path.
func FindFile(file string, path []string) (Files, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return Files{}, fmt.Errorf("find unit file: %w", err)
	}
	name, err := ParseName(filepath.Base(file))
	if err != nil {
		return Files{}, err
	}
	if name.IsTemplate() {
		return Files{}, &TemplateError{name}
	}
	if masked, err := isMasked(file); err != nil {
		return Files{}, fmt.Errorf("open %s: %w", file, cause(err))
	} else if masked {
		return Files{}, &MaskedError{name.String(), file}
	}
	dropIns, err := dropIns([]Name{name}, append([]string{filepath.Dir(file)}, path...))
	return Files{Name: name, Fragment: file, DropIns: dropIns}, err
}

// lookup returns the file of that name, or of its template; "" if there is
// none.
func lookup(name Name, path []string) (string, error) {
	candidates := []Name{name}
	if name.Instance != "" {
		candidates = append(candidates, name.Template())
	}
	for _, candidate := range candidates {
		for _, dir := range path {
			file := filepath.Join(dir, candidate.String())
			_, err := os.Lstat(file)
			if err == nil {
				return file, nil
			}
			if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
				return "", fmt.Errorf("find unit %s: %w", name, err)
			}
		}
	}
	return "", nil
}

// follow returns the name that the file stands for: another one if it is a
// link into the search path.
func follow(file string, name Name, path []string) (next Name, masked bool, err error) {
	if masked, err := isMasked(file); masked || err != nil {
		return name, masked, err
	}
	target, err := os.Readlink(file)
	if err != nil {
		return name, false, nil // a file of its own
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(file), target)
	}
	if !inPath(filepath.Dir(target), path) {
		return name, false, nil // linked from elsewhere (systemctl link)
	}
	alias, err := ParseName(filepath.Base(target))
	if err != nil {
		return name, false, fmt.Errorf("unit %s is a link to %s, which is no service unit", name, target)
	}
	return alias.with(name), false, nil
}

func inPath(dir string, path []string) bool {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(path, func(known string) bool {
		resolved, err := filepath.EvalSymlinks(known)
		return err == nil && resolved == real
	})
}

// isMasked says whether the file is empty or a link to /dev/null.
func isMasked(file string) (bool, error) {
	info, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	null, err := os.Stat(os.DevNull)
	if err == nil && os.SameFile(info, null) {
		return true, nil
	}
	return info.Mode().IsRegular() && info.Size() == 0, nil
}

// dropIns lists the drop-ins of a unit with these names. Of files with the
// same name the first counts, in the order of the path and then of how
// specific the directory is; they are read in the order of their names.
func dropIns(names []Name, path []string) ([]string, error) {
	chosen := map[string]string{}
	for _, dir := range dropInDirectories(names) {
		for _, base := range path {
			entries, err := os.ReadDir(filepath.Join(base, dir))
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
				return nil, fmt.Errorf("find drop-ins: %w", err)
			}
			for _, entry := range entries {
				if _, taken := chosen[entry.Name()]; !taken && strings.HasSuffix(entry.Name(), ".conf") {
					chosen[entry.Name()] = filepath.Join(base, dir, entry.Name())
				}
			}
		}
	}
	var order []string
	for name := range chosen {
		order = append(order, name)
	}
	sort.Strings(order)
	var files []string
	for _, name := range order {
		if masked, err := isMasked(chosen[name]); err == nil && !masked {
			files = append(files, chosen[name])
		}
	}
	return files, nil
}

func dropInDirectories(names []Name) []string {
	var dirs []string
	for _, name := range names {
		for _, dir := range name.dropInDirectories() {
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// cause is the last error of a chain: what the kernel said.
func cause(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
