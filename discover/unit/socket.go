package unit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Socket is a socket unit (systemd.socket(5)) as far as it says what a service
// is passed.
type Socket struct {
	// Name is the whole name, File its main file.
	Name, File string
	Listen     []Listen
	// Service is the service that it is for.
	Service string
	// Accept: each connection gets a service of its own.
	Accept bool
	// User and Group own a socket in the file system, which has the mode.
	User, Group string
	Mode        uint32
	// Only6 is BindIPv6Only=ipv6-only.
	Only6   bool
	Backlog int
	// FDName is FileDescriptorName=.
	FDName string
}

// Listen is one address.
type Listen struct {
	// Network is "tcp", "udp", "unix", "unixgram" or "unixpacket".
	Network string
	// Address is HOST:PORT, a path, or @NAME.
	Address string
}

// Sockets finds the socket units whose sockets the service is passed when it is
// started: those of Sockets=, those that it requires and that are for it, and
// the enabled one of its own name.
func Sockets(s Service, path []string, host Host) ([]Socket, error) {
	required, err := s.requiredSockets()
	if err != nil {
		return nil, err
	}
	own := strings.TrimSuffix(s.Name.String(), suffix) + socketSuffix
	candidates := append(slices.Clone(s.Sockets), required...)
	if isEnabled(own, path) {
		candidates = append(candidates, own)
	}
	var sockets []Socket
	var seen []string
	for _, name := range candidates {
		if slices.Contains(seen, name) {
			continue
		}
		seen = append(seen, name)
		socket, err := readSocket(name, path, host)
		if err != nil {
			return nil, err
		}
		if slices.Contains(s.Sockets, name) || s.isNamed(socket.Service, path) {
			sockets = append(sockets, socket)
		}
	}
	return sockets, nil
}

const socketSuffix = ".socket"

// requiredSockets are the sockets of Requires=.
func (s Service) requiredSockets() ([]string, error) {
	var names []string
	for _, file := range append([]string{s.Fragment}, s.DropIns...) {
		assignments, err := readFile(file)
		if err != nil {
			return nil, err
		}
		for _, a := range assignments {
			if a.section != "Unit" || a.key != "Requires" {
				continue
			}
			for _, name := range strings.Fields(a.value) {
				if strings.HasSuffix(name, socketSuffix) {
					names = append(names, name)
				}
			}
		}
	}
	return names, nil
}

// isNamed says whether the name is the service's, or an alias of it.
func (s Service) isNamed(name string, path []string) bool {
	parsed, err := ParseName(name)
	if err != nil {
		return false
	}
	if parsed == s.Name {
		return true
	}
	files, err := Find(parsed, path)
	return err == nil && files.Name == s.Name
}

// isEnabled says whether something wants the unit.
func isEnabled(name string, path []string) bool {
	for _, dir := range path {
		links, _ := filepath.Glob(filepath.Join(dir, "*.wants", name))
		more, _ := filepath.Glob(filepath.Join(dir, "*.requires", name))
		if len(links)+len(more) > 0 {
			return true
		}
	}
	return false
}

func readSocket(name string, path []string, host Host) (Socket, error) {
	files := socketFiles(name, path)
	if len(files) == 0 {
		return Socket{}, &NotFoundError{name}
	}
	s := Socket{Name: name, File: files[0], Service: strings.TrimSuffix(name, socketSuffix) + suffix, Mode: 0o666, Backlog: 4096, FDName: name}
	unitName, err := ParseName(s.Service)
	if err != nil {
		return Socket{}, err
	}
	spec := host.specifiers(unitName, files[0])
	for _, file := range files {
		assignments, err := readFile(file)
		if err != nil {
			return Socket{}, err
		}
		for _, a := range assignments {
			if err := s.assign(a, spec); err != nil {
				return Socket{}, fmt.Errorf("%s: %s=: %w", a.file, a.key, err)
			}
		}
	}
	return s, nil
}

// socketFiles are the unit's file and its drop-ins.
func socketFiles(name string, path []string) []string {
	var files []string
	for _, dir := range path {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
			break
		}
	}
	if len(files) == 0 {
		return nil
	}
	chosen := map[string]string{}
	for _, dir := range path {
		found, _ := filepath.Glob(filepath.Join(dir, name+".d", "*.conf"))
		for _, file := range found {
			if _, taken := chosen[filepath.Base(file)]; !taken {
				chosen[filepath.Base(file)] = file
			}
		}
	}
	var order []string
	for base := range chosen {
		order = append(order, base)
	}
	sort.Strings(order)
	for _, base := range order {
		files = append(files, chosen[base])
	}
	return files
}

func (s *Socket) assign(a assignment, spec specifiers) error {
	if a.section != "Socket" {
		return nil
	}
	value, err := spec.expand(a.value)
	if err != nil {
		return err
	}
	switch a.key {
	case "ListenStream":
		return s.listen("tcp", "unix", value)
	case "ListenDatagram":
		return s.listen("udp", "unixgram", value)
	case "ListenSequentialPacket":
		return s.listen("", "unixpacket", value)
	case "ListenFIFO", "ListenSpecial", "ListenNetlink", "ListenMessageQueue", "ListenUSBFunction":
		return fmt.Errorf("capmon cannot make it: run the service by systemd")
	case "Service":
		s.Service = value
	case "Accept":
		s.Accept, err = parseBool(value)
	case "SocketUser":
		s.User = value
	case "SocketGroup":
		s.Group = value
	case "SocketMode":
		s.Mode, err = parseMode(value)
	case "BindIPv6Only":
		s.Only6 = value == "ipv6-only"
	case "Backlog":
		s.Backlog, err = strconv.Atoi(value)
	case "FileDescriptorName":
		s.FDName = value
	}
	return err
}

// listen adds an address; an empty value takes all back.
func (s *Socket) listen(network, local, value string) error {
	switch {
	case value == "":
		s.Listen = nil
		return nil
	case strings.HasPrefix(value, "/") || strings.HasPrefix(value, "@"):
		s.Listen = append(s.Listen, Listen{local, value})
		return nil
	case network == "" || strings.HasPrefix(value, "vsock:"):
		return fmt.Errorf("%q is an address that capmon cannot listen on", value)
	}
	if _, err := strconv.ParseUint(value, 10, 16); err == nil {
		value = "[::]:" + value
	}
	s.Listen = append(s.Listen, Listen{network, value})
	return nil
}
