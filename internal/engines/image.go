//go:build vm

package engines

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Image is what an image is made of: programs of this machine, with the libraries
// that they are linked to, and files.
type Image struct {
	// Programs are paths of this machine.
	Programs []string
	// Busybox are the names of applets.
	Busybox []string
	// Trees are directories of this machine, with all that is below them.
	Trees []string
	// Files are written as they are.
	Files []File
	// FileCapabilities are, by path, what is permitted and effective when a file
	// is executed (struct vfs_cap_data of linux/capability.h).
	FileCapabilities map[string]uint32
	// Changes are instructions of a Dockerfile, such as USER.
	Changes []string
}

// File is a file, or a directory if its name ends with a slash.
type File struct {
	Path, Text string
	Mode       int64
	UID        int
}

// passwd and group are those of every image.
const (
	passwd = "root:x:0:0:root:/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\nweb:x:1000:1000::/:/bin/sh\npostgres:x:105:105::/:/bin/sh\n" +
		"haproxy:x:106:106::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
	group = "root:x:0:\nwww-data:x:33:\nweb:x:1000:\npostgres:x:105:\nhaproxy:x:106:\nnogroup:x:65534:\n"
)

// archive is an image's root file system as a tar archive.
func (i Image) archive() ([]byte, error) {
	var b bytes.Buffer
	a := &archive{w: tar.NewWriter(&b), image: i, known: map[string]bool{}}
	for _, dir := range []string{"bin", "sbin", "lib", "lib64"} {
		a.link("/"+dir, "usr/"+dir)
	}
	a.add(File{Path: "/tmp/", Mode: 0o1777})
	a.add(File{Path: "/run/"})
	a.add(File{Path: "/etc/passwd", Text: passwd})
	a.add(File{Path: "/etc/group", Text: group})
	for _, program := range i.Programs {
		a.program(program)
	}
	if len(i.Busybox) > 0 {
		a.program("/bin/busybox")
	}
	for _, applet := range i.Busybox {
		a.link("/usr/bin/"+applet, "busybox")
	}
	for _, tree := range i.Trees {
		a.tree(tree)
	}
	for _, file := range i.Files {
		a.add(file)
	}
	if a.err == nil {
		a.err = a.w.Close()
	}
	return b.Bytes(), a.err
}

// archive writes files, each once. The first error stays.
type archive struct {
	w     *tar.Writer
	image Image
	known map[string]bool
	err   error
}

// merged is a path below /usr where Debian has it (usrmerge).
func merged(name string) string {
	for _, dir := range []string{"/bin/", "/sbin/", "/lib/", "/lib64/"} {
		if strings.HasPrefix(name, dir) {
			return "/usr" + name
		}
	}
	return name
}

func (a *archive) write(h *tar.Header, content []byte) {
	name := strings.TrimSuffix(h.Name, "/")
	if a.err != nil || a.known[name] {
		return
	}
	a.known[name] = true
	if parent := path.Dir(name); parent != "/" {
		a.write(&tar.Header{Name: parent + "/", Typeflag: tar.TypeDir, Mode: 0o755}, nil)
	}
	h.Name = strings.TrimPrefix(h.Name, "/")
	h.Size, h.Format = int64(len(content)), tar.FormatPAX
	if a.err = a.w.WriteHeader(h); a.err == nil {
		_, a.err = a.w.Write(content)
	}
}

func (a *archive) link(name, to string) {
	a.write(&tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink, Mode: 0o777}, nil)
}

func (a *archive) add(f File) {
	h := &tar.Header{Name: f.Path, Mode: f.Mode, Uid: f.UID, Gid: f.UID, Typeflag: tar.TypeReg}
	if strings.HasSuffix(f.Path, "/") {
		h.Typeflag = tar.TypeDir
	}
	switch {
	case f.Mode == 0 && h.Typeflag == tar.TypeDir:
		h.Mode = 0o755
	case f.Mode == 0:
		h.Mode = 0o644
	}
	a.write(h, []byte(f.Text))
}

// copy adds a file of this machine under its name.
func (a *archive) copy(name string, mode int64, uid int) {
	if a.err != nil || a.known[merged(name)] {
		return
	}
	content, err := os.ReadFile(name)
	if err != nil {
		a.err = err
		return
	}
	h := &tar.Header{Name: merged(name), Typeflag: tar.TypeReg, Mode: mode, Uid: uid, Gid: uid}
	if caps := a.image.FileCapabilities[name]; caps != 0 {
		data := slices.Concat([]byte{1, 0, 0, 2}, []byte{byte(caps), byte(caps >> 8), byte(caps >> 16), byte(caps >> 24)}, make([]byte, 12))
		h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": string(data)}
	}
	a.write(h, content)
}

// program adds a program with its libraries.
func (a *archive) program(name string) {
	a.copy(name, 0o755, 0)
	// It fails for what is linked to nothing.
	out, _ := exec.Command("ldd", name).Output()
	for _, field := range strings.Fields(string(out)) {
		if filepath.IsAbs(field) {
			a.copy(field, 0o755, 0)
		}
	}
}

// tree adds a directory, with the owners that it has.
func (a *archive) tree(dir string) {
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		uid, err := ownerOf(info)
		switch {
		case err != nil:
		case info.IsDir():
			a.add(File{Path: name + "/", Mode: int64(info.Mode().Perm()), UID: uid})
		case info.Mode().IsRegular():
			a.copy(name, int64(info.Mode().Perm()), uid)
		}
		return err
	})
	if a.err == nil {
		a.err = err
	}
}

// load makes the image in the store of an engine.
func (i Image) load(engine, name string) error {
	archive, err := i.archive()
	if err != nil {
		return fmt.Errorf("make image %s: %w", name, err)
	}
	args := []string{"import"}
	for _, change := range i.Changes {
		args = append(args, "--change", change)
	}
	c := exec.Command(engine, append(args, "-", name)...)
	c.Stdin = bytes.NewReader(archive)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s import %s: %w: %s", engine, name, err, out)
	}
	return nil
}
