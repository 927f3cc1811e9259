package unit

import (
	"fmt"
	"strings"
)

// specifiers replaces "%x" in text by what x stands for ("Specifiers" in
// systemd.unit(5)).
type specifiers map[byte]string

// expand replaces every specifier. "%%" is a percent sign, and so is "%" before
// what is no letter, as in systemd's specifier_printf.
func (s specifiers) expand(text string) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		letter := text[i]
		value, known := s[letter]
		switch {
		case letter == '%':
			out.WriteByte('%')
		case known:
			out.WriteString(value)
		case letter >= 'a' && letter <= 'z' || letter >= 'A' && letter <= 'Z':
			return "", fmt.Errorf("%%%c is not a specifier: see systemd.unit(5); a percent sign is written %%%%", letter)
		default:
			out.WriteByte('%')
			out.WriteByte(letter)
		}
	}
	return out.String(), nil
}

// Host is what units can learn of where they run.
type Host struct {
	// User is who the manager runs as, and Home and Shell are that user's.
	User              string
	UID, GID          uint32
	Group             string
	Home, Shell       string
	HostName          string
	MachineID, BootID string
	// KernelRelease is as in uname -r, Architecture as in
	// systemd.unit(5)'s ConditionArchitecture=.
	KernelRelease, Architecture string
	// OS are the fields of os-release(5).
	OS map[string]string
	// Runtime, State, Cache, Logs and Configuration are the directories
	// below which the directories of services are: /run, /var/lib and so on.
	Runtime, State, Cache, Logs, Configuration string
	// Temporary and LargeTemporary are /tmp and /var/tmp.
	Temporary, LargeTemporary string
}

// specifiers are those of the unit.
func (h Host) specifiers(name Name, fragment string) specifiers {
	short, _, _ := strings.Cut(h.HostName, ".")
	s := specifiers{
		'n': name.String(), 'N': strings.TrimSuffix(name.String(), suffix),
		'p': name.Prefix, 'P': unescapeName(name.Prefix),
		'i': name.Instance, 'I': unescapeName(name.Instance),
		'j': name.Prefix[strings.LastIndexByte(name.Prefix, '-')+1:],
		'f': "/" + strings.TrimPrefix(unescapePath(name), "/"),
		'y': fragment, 'Y': fragment[:max(0, strings.LastIndexByte(fragment, '/'))],
		'u': h.User, 'U': fmt.Sprint(h.UID), 'g': h.Group, 'G': fmt.Sprint(h.GID), 'h': h.Home, 's': h.Shell,
		'H': h.HostName, 'l': short, 'q': h.HostName, 'm': h.MachineID, 'b': h.BootID, 'v': h.KernelRelease, 'a': h.Architecture,
		'o': h.OS["ID"], 'w': h.OS["VERSION_ID"], 'B': h.OS["BUILD_ID"], 'W': h.OS["VARIANT_ID"], 'M': h.OS["IMAGE_ID"], 'A': h.OS["IMAGE_VERSION"],
		't': h.Runtime, 'S': h.State, 'C': h.Cache, 'L': h.Logs, 'E': h.Configuration,
		'T': h.Temporary, 'V': h.LargeTemporary, 'd': h.Runtime + "/credentials/" + name.String(),
	}
	s['J'] = unescapeName(s['j'])
	return s
}

// unescapeName undoes systemd-escape(1): "-" is "/", "\x2d" is "-".
func unescapeName(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '-':
			out.WriteByte('/')
		case strings.HasPrefix(text[i:], `\x`):
			decoded, n, _ := unescapeOne(text[i:])
			out.WriteString(decoded)
			i += n - 1
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

// unescapePath is the path that the instance, or else the prefix, names.
func unescapePath(name Name) string {
	if name.Instance != "" {
		return unescapeName(name.Instance)
	}
	return unescapeName(name.Prefix)
}
