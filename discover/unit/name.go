package unit

import (
	"fmt"
	"strings"
)

// suffix is what the name of a service unit ends with.
const suffix = ".service"

// maxName is UNIT_NAME_MAX of systemd's basic/unit-name.h, less the final zero.
const maxName = 255

// Name is the name of a service unit, "PREFIX.service" or
// "PREFIX@INSTANCE.service"; without INSTANCE it is that of a template. See
// systemd.unit(5).
type Name struct {
	Prefix string
	// Instantiable: there is an "@" after the prefix.
	Instantiable bool
	// Instance is what follows the "@", escaped as in systemd-escape(1).
	Instance string
}

// ParseName reads the name of a service unit; ".service" may be left out, as
// for systemctl(1).
func ParseName(text string) (Name, error) {
	full := text
	if !strings.HasSuffix(full, suffix) {
		if i := strings.LastIndexByte(full, '.'); i >= 0 && otherTypes[full[i:]] {
			return Name{}, fmt.Errorf("%s is not a service: name a .service unit", text)
		}
		full += suffix
	}
	stem := strings.TrimSuffix(full, suffix)
	var n Name
	n.Prefix, n.Instance, n.Instantiable = strings.Cut(stem, "@")
	valid := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(`:-_.\@`, r)
	}
	if n.Prefix == "" || len(full) > maxName || strings.IndexFunc(stem, func(r rune) bool { return !valid(r) }) >= 0 {
		return Name{}, fmt.Errorf("%q is not the name of a unit: see systemd.unit(5)", text)
	}
	return n, nil
}

// otherTypes are the suffixes of the units that are not services.
var otherTypes = map[string]bool{
	".socket": true, ".device": true, ".mount": true, ".automount": true, ".swap": true, ".target": true,
	".path": true, ".timer": true, ".slice": true, ".scope": true,
}

// String is the whole name.
func (n Name) String() string {
	if !n.Instantiable {
		return n.Prefix + suffix
	}
	return n.Prefix + "@" + n.Instance + suffix
}

// IsTemplate says whether the name lacks an instance.
func (n Name) IsTemplate() bool { return n.Instantiable && n.Instance == "" }

// Template is the name without its instance.
func (n Name) Template() Name {
	n.Instance = ""
	return n
}

// with is n, a template, with the instance of other.
func (n Name) with(other Name) Name {
	if n.IsTemplate() {
		n.Instance = other.Instance
	}
	return n
}

// dropInDirectories are the names of the directories that hold drop-ins for
// the unit, the most specific first.
func (n Name) dropInDirectories() []string {
	names := []string{n.String()}
	if n.Instance != "" {
		names = append(names, n.Template().String())
	}
	at := strings.TrimPrefix(n.Template().String(), n.Prefix) // ".service" or "@.service"
	for prefix := strings.TrimSuffix(n.Prefix, "-"); ; {
		i := strings.LastIndexByte(prefix, '-')
		if i <= 0 {
			break
		}
		prefix = prefix[:i]
		names = append(names, prefix+"-"+at)
	}
	names = append(names, "service")
	for i := range names {
		names[i] += ".d"
	}
	return names
}
