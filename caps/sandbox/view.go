package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// The directories of the tmpfs that is the root while the view is built.
const (
	oldRoot  = "/old"   // the machine as it is
	newRoot  = "/new"   // the view
	storeDir = "/store" // what is written in the view
)

// view is a tree of mounts that is being made.
type view struct {
	options  Options
	mounts   []mount // those of the machine that can be seen
	stores   int     // directories made below storeDir
	nodes    int     // device files made below storeDir
	readOnly []ReadOnly
}

// newView moves the process to a tmpfs of its own, below which the machine's
// root is for now. The tmpfs is mounted over /proc, which exists and of which
// a new one is mounted anyway.
func newView(o Options) (*view, error) {
	all, err := readMounts()
	if err != nil {
		return nil, err
	}
	mounts, err := visible(all)
	if err != nil {
		return nil, err
	}
	// Before anything else: nothing must come back to the machine.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("keep mounts apart: %w", err)
	}
	const stage = "/proc"
	if err := unix.Mount("tmpfs", stage, "tmpfs", 0, "mode=0755"+o.limits()); err != nil {
		return nil, fmt.Errorf("mount tmpfs: %w", err)
	}
	for _, dir := range []string{oldRoot, newRoot, storeDir} {
		if err := os.Mkdir(stage+dir, 0o755); err != nil {
			return nil, fmt.Errorf("prepare tmpfs: %w", err)
		}
	}
	if err := unix.PivotRoot(stage, stage+oldRoot); err != nil {
		return nil, fmt.Errorf("change root directory: %w", err)
	}
	return &view{options: o, mounts: mounts}, nil
}

// build mounts in the view what is mounted on the machine, and a /dev of its
// own.
func (v *view) build() error {
	for _, m := range v.mounts {
		if inDev(m.point) {
			continue
		}
		if err := v.add(m); err != nil {
			return fmt.Errorf("mount %s: %w", m.point, err)
		}
	}
	return v.addDev()
}

// add mounts the counterpart of m. A mount point that has been removed, or
// that a new /proc does not have, is left out.
func (v *view) add(m mount) error {
	info, err := os.Lstat(newRoot + m.point)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch kindOf(m, v.options) {
	case leftOut:
		return nil
	case anew:
		return v.mountAnew(m)
	case shared:
		return bindReadOnly(m)
	}
	if m.point != "/" && !info.IsDir() {
		return v.addFile(m)
	}
	err = v.overlay(m)
	if err == nil || m.point == "/" {
		return unsupported(err)
	}
	if m.writable() {
		v.readOnly = append(v.readOnly, ReadOnly{Path: m.point, Type: m.fstype, Reason: err.Error()})
	}
	return bindReadOnly(m)
}

// moveIn makes the view the root, and lets go of everything else. The
// overlays keep what they need.
func (v *view) moveIn() error {
	if err := unix.Chdir(newRoot); err != nil {
		return fmt.Errorf("enter sandbox: %w", err)
	}
	// The same directory twice: the old root is then mounted over the new
	// one, and can be taken away (pivot_root(2)).
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("change root directory: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the machine's root directory: %w", err)
	}
	return nil
}

// store makes a directory for what is written to one mount.
func (v *view) store() (string, error) {
	v.stores++
	dir := fmt.Sprintf("%s/%d", storeDir, v.stores)
	return dir, os.Mkdir(dir, 0o755)
}
