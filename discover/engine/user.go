package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// user is the user of a container in numbers: names are the image's own. spec is
// USER or USER:GROUP, names or numbers; "" is root.
func (i *Image) user(ctx context.Context, container, spec string) (uid, gid uint32, err error) {
	if spec == "" {
		return 0, 0, nil
	}
	passwd, err := i.text(ctx, container, "/etc/passwd")
	if err != nil {
		return 0, 0, err
	}
	name, group, grouped := strings.Cut(spec, ":")
	uid, gid, err = inPasswd(passwd, name)
	if err != nil || !grouped {
		return uid, gid, err
	}
	groups, err := i.text(ctx, container, "/etc/group")
	if err != nil {
		return 0, 0, err
	}
	gid, err = inGroup(groups, group)
	return uid, gid, err
}

// inPasswd finds a user in passwd(5). One that is a number and has no line has
// group 0, as the engines have it.
func inPasswd(text, name string) (uid, gid uint32, err error) {
	number, numeric := id(name)
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 {
			continue
		}
		u, isID := id(fields[2])
		g, hasGroup := id(fields[3])
		if isID && hasGroup && (fields[0] == name || numeric && u == number) {
			return u, g, nil
		}
	}
	if !numeric {
		return 0, 0, fmt.Errorf("the image has no user %q", name)
	}
	return number, 0, nil
}

// inGroup finds a group in group(5).
func inGroup(text, name string) (uint32, error) {
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 3 || fields[0] != name {
			continue
		}
		if g, is := id(fields[2]); is {
			return g, nil
		}
	}
	if g, is := id(name); is {
		return g, nil
	}
	return 0, fmt.Errorf("the image has no group %q", name)
}

func id(text string) (uint32, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil
}
