package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"path"

	"github.com/capmon/capmon/caps"
)

// entry is a file of a container, as the engines hand it over.
type entry struct {
	header  *tar.Header
	content []byte
}

// file reads a file of a container that is not started.
func (i *Image) file(ctx context.Context, container, name string) (entry, error) {
	text, err := i.client.exchange(ctx, nil, "cp", container+":"+name, "-")
	if err != nil {
		return entry{}, fmt.Errorf("read %s of the image: %w", name, err)
	}
	archive := tar.NewReader(bytes.NewReader(text))
	var e entry
	if e.header, err = archive.Next(); err == nil {
		e.content, err = io.ReadAll(archive)
	}
	if err != nil {
		return entry{}, fmt.Errorf("read %s of the image: %w", name, err)
	}
	return e, nil
}

// text is the content of a file of a container, "" if it cannot be read: an image
// need not have it.
func (i *Image) text(ctx context.Context, container, name string) (string, error) {
	e, err := i.file(ctx, container, name)
	if err != nil {
		return "", ctx.Err()
	}
	return string(e.content), nil
}

// giveFileCapabilities does to a container what setcap(8) in the image would: the
// capabilities are permitted and effective when the file is executed.
func (i *Image) giveFileCapabilities(ctx context.Context, container, name string, grant caps.Set) error {
	e, err := i.file(ctx, container, name)
	if err != nil {
		return err
	}
	if e.header.Typeflag != tar.TypeReg {
		return fmt.Errorf("%s is no plain file of the image", name)
	}
	e.header.Name = path.Base(name)
	e.header.Format = tar.FormatPAX
	if e.header.PAXRecords == nil {
		e.header.PAXRecords = map[string]string{}
	}
	// As GNU tar, star and the engines name extended attributes.
	e.header.PAXRecords["SCHILY.xattr.security.capability"] = string(fileCapabilities(grant))
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err = w.WriteHeader(e.header); err == nil {
		if _, err = w.Write(e.content); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("write %s of the image: %w", name, err)
	}
	if _, err := i.client.exchange(ctx, archive.Bytes(), "cp", "-", container+":"+path.Dir(name)); err != nil {
		return fmt.Errorf("write %s of the image: %w", name, err)
	}
	return nil
}

// fileCapabilities is struct vfs_cap_data of linux/capability.h.
func fileCapabilities(grant caps.Set) []byte {
	const revision2, effective = 0x02000000, 1
	var data []byte
	for _, word := range []uint32{revision2 | effective, uint32(grant), 0, uint32(grant >> 32), 0} {
		data = binary.LittleEndian.AppendUint32(data, word)
	}
	return data
}
