package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps"
)

// OptionError says that the engine does not make a container with these options.
type OptionError struct {
	Engine, Words string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("%s makes no container of this: %s", e.Engine, e.Words)
}

// inspected is what both engines say of a container.
type inspected struct {
	ID     string `json:"Id"`
	Path   string
	Args   []string
	Config struct {
		User string
	}
	State struct {
		Pid int
	}
	HostConfig struct {
		SecurityOpt  []string
		CgroupParent string
		CapAdd       []string
		CapDrop      []string
	}
	// podman alone says these.
	BoundingCaps, EffectiveCaps []string
}

func (i *Image) inspect(ctx context.Context, name string) (c inspected, err error) {
	text, err := i.client.output(ctx, "container", "inspect", name)
	if err != nil {
		return c, fmt.Errorf("inspect container: %w", err)
	}
	var list []inspected
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
		return c, fmt.Errorf("inspect container: %s says %d containers: %w", i.Engine, len(list), err)
	}
	return list[0], nil
}

// Prepare learns what the engine makes of the image, from a container that is not
// started. The error is an *OptionError if it makes none.
func (i *Image) Prepare(ctx context.Context) (err error) {
	name, err := i.create(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return &OptionError{i.Engine, err.Error()}
	}
	defer func() { err = errors.Join(err, i.remove(ctx, name)) }()
	c, err := i.inspect(ctx, name)
	if err != nil {
		return err
	}
	i.Command = append([]string{c.Path}, c.Args...)
	i.NoNewPrivileges = slices.ContainsFunc(c.HostConfig.SecurityOpt, func(o string) bool {
		option, value, valued := strings.Cut(strings.Replace(o, ":", "=", 1), "=")
		return option == "no-new-privileges" && (!valued || value == "true")
	})
	i.ownNamespace = i.host.ownNamespace
	if i.UID, i.GID, err = i.user(ctx, name, c.Config.User); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return &OptionError{i.Engine, err.Error()}
	}
	i.Default = dockerDefault
	if i.ByPodman() {
		i.Default = caps.Known(c.BoundingCaps)
	}
	i.Held = i.Default
	if i.UID != 0 {
		i.Held = 0
	}
	if i.UID != 0 && i.ByPodman() {
		i.Held = caps.Known(c.EffectiveCaps)
	}
	return i.findGrantable(ctx)
}

// unknownCapability matches what an engine says of a capability that it is too
// old to know: docker and podman have the name on different sides.
var unknownCapability = regexp.MustCompile(`(?i)unknown capability\W+(CAP_\w+)|(CAP_\w+)\W+unknown capability`)

// findGrantable learns which capabilities the engine knows.
func (i *Image) findGrantable(ctx context.Context) error {
	for i.Grantable = caps.All(); ; {
		name, err := i.create(ctx, capFlags(i.Grantable)...)
		if err == nil {
			return i.remove(ctx, name)
		}
		unknown := caps.Known(unknownCapability.FindStringSubmatch(err.Error()))
		if unknown == 0 || !i.Grantable.Contains(unknown) {
			return fmt.Errorf("make container with every capability: %w", err)
		}
		i.Grantable = i.Grantable.Minus(unknown)
	}
}

// dockerDefault is what docker grants if nothing else is said (its
// oci/caps/defaults.go).
var dockerDefault = caps.NewSet(caps.Chown, caps.DACOverride, caps.Fsetid, caps.Fowner, caps.Mknod, caps.NetRaw, caps.SetGID,
	caps.SetUID, caps.SetFCap, caps.SetPCap, caps.NetBindService, caps.SysChroot, caps.Kill, caps.AuditWrite)

// create makes a container, with options besides the caller's.
func (i *Image) create(ctx context.Context, options ...string) (name string, err error) {
	i.made++
	name = fmt.Sprintf("%s%d", i.prefix, i.made)
	args := append([]string{"create", "--pull=never", "--name", name}, options...)
	args = append(append(args, i.Options...), i.Name)
	if _, err := i.client.output(ctx, append(args, i.Args...)...); err != nil {
		if ctx.Err() != nil {
			// Nobody knows how far it came.
			err = errors.Join(err, i.remove(ctx, name))
		}
		return "", err
	}
	return name, nil
}

// remove removes a container. It may not exist.
func (i *Image) remove(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clientTimeout)
	defer cancel()
	_, err := i.client.output(ctx, append(i.removal(), name)...)
	if err != nil && !strings.Contains(strings.ToLower(err.Error()), "no such container") && !strings.Contains(err.Error(), "no container with") {
		return fmt.Errorf("remove container %s: %w", name, err)
	}
	return nil
}
