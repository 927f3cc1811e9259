package service

import (
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/executor"
	"github.com/capmon/capmon/discover/unit"
)

// plan is what a command of the unit is to be run as under a grant.
func (s *Service) plan(c unit.Command, grant caps.Set, environ []string) executor.Plan {
	args, _ := c.Expand(environ)
	p := executor.Plan{
		Path: c.Path, Args: args, Env: environ,
		Root: s.unit.RootDirectory, Dir: s.workingDirectory(), DirOptional: s.unit.WorkingDirectoryOptional,
		UMask: s.unit.UMask, Limits: s.limits(), Nice: s.unit.Nice, OOMScoreAdjust: s.unit.OOMScoreAdjust,
		CPU: s.cpu(), IO: s.io(), Directories: s.directories(),
		Bounding: grant, NoNewPrivs: s.unit.NoNewPrivileges,
	}
	if s.unit.StandardInput == "data" {
		p.Input = append([]byte{}, s.unit.StandardInputRaw...)
	}
	uid := uint32(0)
	if s.own {
		p.UID, p.GID, p.Groups, uid = s.user.UID, s.user.GID, s.user.Groups, s.user.UID
		p.SetID = true
	}
	switch c.Privileges {
	case unit.Full:
		p.SetID, p.Bounding, p.NoNewPrivs, p.Root = false, ^caps.Set(0), false, ""
		return p
	case unit.Elevated:
		p.SetID, uid = false, 0
	}
	p.Ambient, p.SecureBits = s.ambient(grant, uid), s.secureBits()
	return p
}

func (s *Service) workingDirectory() string {
	if s.unit.WorkingDirectory == "~" {
		return s.user.Home
	}
	return s.unit.WorkingDirectory
}

func (s *Service) directories() []executor.Directory {
	var list []executor.Directory
	for _, dirs := range s.unit.Directories {
		base := s.base(dirs.Kind)
		for _, name := range dirs.Names {
			dir := executor.Directory{
				Path: filepath.Join(base, name), Mode: dirs.Mode, Option: kindOf(dirs.Kind).option,
				Owned: s.own && dirs.Kind != unit.ConfigurationKind, UID: s.user.UID, GID: s.user.GID,
			}
			for _, link := range dirs.Links[name] {
				dir.Links = append(dir.Links, filepath.Join(base, link))
			}
			list = append(list, dir)
		}
	}
	return list
}

// resources are the numbers of the limits (linux/resource.h).
var resources = map[string]int{
	"CPU": unix.RLIMIT_CPU, "FSIZE": unix.RLIMIT_FSIZE, "DATA": unix.RLIMIT_DATA, "STACK": unix.RLIMIT_STACK,
	"CORE": unix.RLIMIT_CORE, "RSS": unix.RLIMIT_RSS, "NOFILE": unix.RLIMIT_NOFILE, "AS": unix.RLIMIT_AS,
	"NPROC": unix.RLIMIT_NPROC, "MEMLOCK": unix.RLIMIT_MEMLOCK, "LOCKS": unix.RLIMIT_LOCKS, "SIGPENDING": unix.RLIMIT_SIGPENDING,
	"MSGQUEUE": unix.RLIMIT_MSGQUEUE, "NICE": unix.RLIMIT_NICE, "RTPRIO": unix.RLIMIT_RTPRIO, "RTTIME": unix.RLIMIT_RTTIME,
}

// limits are the unit's, and what the manager sets for all services
// (systemd-system.conf(5), DefaultLimitNOFILE=).
func (s *Service) limits() []executor.Limit {
	list := []executor.Limit{{Resource: unix.RLIMIT_NOFILE, Soft: 1024, Hard: 512 * 1024}}
	for name, limit := range s.unit.Limits {
		list = append(list, executor.Limit{Resource: resources[name], Soft: limit.Soft, Hard: limit.Hard})
	}
	return list
}

// policies are the numbers of linux/sched.h.
var policies = map[string]int{"other": unix.SCHED_NORMAL, "batch": unix.SCHED_BATCH, "idle": unix.SCHED_IDLE, "fifo": unix.SCHED_FIFO, "rr": unix.SCHED_RR}

func (s *Service) cpu() *executor.CPU {
	policy, given := policies[s.unit.CPUPolicy]
	if !given && !s.unit.CPUResetOnFork {
		return nil
	}
	return &executor.CPU{Policy: policy, Priority: s.unit.CPUPriority, ResetOnFork: s.unit.CPUResetOnFork}
}

// classes are the numbers of linux/ioprio.h.
var classes = map[string]int{"none": 0, "realtime": 1, "best-effort": 2, "idle": 3}

func (s *Service) io() *executor.IO {
	if s.unit.IOClass == "" && s.unit.IOPriority == nil {
		return nil
	}
	io := &executor.IO{Class: 2, Priority: 4} // what systemd.exec(5) takes for not given
	if class, given := classes[s.unit.IOClass]; given {
		io.Class = class
	}
	if s.unit.IOPriority != nil {
		io.Priority = *s.unit.IOPriority
	}
	return io
}

// secureBits are the bits of linux/securebits.h.
func (s *Service) secureBits() uint {
	bits := map[string]uint{
		"noroot": 1 << 0, "noroot-locked": 1 << 1, "no-setuid-fixup": 1 << 2, "no-setuid-fixup-locked": 1 << 3,
		"keep-caps": 1 << 4, "keep-caps-locked": 1 << 5,
	}
	var set uint
	for _, bit := range s.unit.SecureBits {
		set |= bits[bit]
	}
	return set
}

// Unapplied names what of the unit is not in force when capmon runs it.
func (s *Service) Unapplied() []string {
	list := append([]string{}, s.unit.Confinement...)
	list = append(list, s.unit.Unapplied...)
	if in := s.unit.StandardInput; in != "" && in != "null" && in != "data" {
		list = append(list, "StandardInput="+in)
	}
	return list
}
