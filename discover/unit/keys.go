package unit

import (
	"encoding/base64"
	"fmt"
	"path"
	"strings"
)

// readKey takes the value of one assignment.
type readKey = func(r *reader, value string) error

// keys are the options of [Service] that are read.
var keys = map[string]readKey{
	"Type":                     oneOf(func(s *Service) *string { return &s.Type }, "simple", "exec", "forking", "oneshot", "notify", "notify-reload", "dbus", "idle"),
	"ExecCondition":            commands(func(s *Service) *[]Command { return &s.Condition }),
	"ExecStartPre":             commands(func(s *Service) *[]Command { return &s.StartPre }),
	"ExecStart":                commands(func(s *Service) *[]Command { return &s.Start }),
	"ExecStartPost":            commands(func(s *Service) *[]Command { return &s.StartPost }),
	"ExecReload":               commands(func(s *Service) *[]Command { return &s.Reload }),
	"ExecStop":                 commands(func(s *Service) *[]Command { return &s.Stop }),
	"ExecStopPost":             commands(func(s *Service) *[]Command { return &s.StopPost }),
	"PermissionsStartOnly":     boolean(func(s *Service) *bool { return &s.PermissionsStartOnly }),
	"RemainAfterExit":          boolean(func(s *Service) *bool { return &s.RemainAfterExit }),
	"PIDFile":                  readPIDFile,
	"BusName":                  text(func(s *Service) *string { return &s.BusName }),
	"WatchdogSec":              readWatchdog,
	"NotifyAccess":             oneOf(func(s *Service) *string { return &s.NotifyAccess }, "none", "main", "exec", "all"),
	"Sockets":                  list(func(s *Service) *[]string { return &s.Sockets }),
	"SuccessExitStatus":        readSuccess,
	"TimeoutStartSec":          readTimeoutStart,
	"TimeoutStopSec":           readTimeoutStop,
	"TimeoutSec":               func(r *reader, v string) error { return either(readTimeoutStart(r, v), readTimeoutStop(r, v)) },
	"KillSignal":               signalName(func(s *Service) *string { return &s.KillSignal }),
	"ReloadSignal":             signalName(func(s *Service) *string { return &s.ReloadSignal }),
	"KillMode":                 oneOf(func(s *Service) *string { return &s.KillMode }, "control-group", "mixed", "process", "none"),
	"SendSIGHUP":               boolean(func(s *Service) *bool { return &s.SendSIGHUP }),
	"User":                     text(func(s *Service) *string { return &s.User }),
	"Group":                    text(func(s *Service) *string { return &s.Group }),
	"SupplementaryGroups":      list(func(s *Service) *[]string { return &s.SupplementaryGroups }),
	"DynamicUser":              boolean(func(s *Service) *bool { return &s.DynamicUser }),
	"WorkingDirectory":         readWorkingDirectory,
	"RootDirectory":            readRootDirectory,
	"Environment":              readEnvironment,
	"EnvironmentFile":          readEnvironmentFile,
	"PassEnvironment":          list(func(s *Service) *[]string { return &s.Pass }),
	"UnsetEnvironment":         list(func(s *Service) *[]string { return &s.Unset }),
	"UMask":                    readUMask,
	"Nice":                     number(func(s *Service) **int { return &s.Nice }, -20, 19),
	"OOMScoreAdjust":           number(func(s *Service) **int { return &s.OOMScoreAdjust }, -1000, 1000),
	"CPUSchedulingPolicy":      oneOf(func(s *Service) *string { return &s.CPUPolicy }, "other", "batch", "idle", "fifo", "rr"),
	"CPUSchedulingPriority":    readCPUPriority,
	"CPUSchedulingResetOnFork": boolean(func(s *Service) *bool { return &s.CPUResetOnFork }),
	"IOSchedulingClass":        readIOClass,
	"IOSchedulingPriority":     number(func(s *Service) **int { return &s.IOPriority }, 0, 7),
	"StandardInput":            text(func(s *Service) *string { return &s.StandardInput }),
	"StandardInputText":        readInputText,
	"StandardInputData":        readInputData,
	"StandardOutput":           text(func(s *Service) *string { return &s.Output }),
	"StandardError":            text(func(s *Service) *string { return &s.Error }),
	"AmbientCapabilities": func(r *reader, v string) error {
		r.capabilities(&r.service.Ambient, r.service.Ambient != 0, "AmbientCapabilities", v)
		return nil
	},
	"CapabilityBoundingSet":    readBounding,
	"SecureBits":               list(func(s *Service) *[]string { return &s.SecureBits }),
	"NoNewPrivileges":          boolean(func(s *Service) *bool { return &s.NoNewPrivileges }),
	"RuntimeDirectoryPreserve": readPreserve,

	"RuntimeDirectory": directories(RuntimeKind), "RuntimeDirectoryMode": directoryMode(RuntimeKind),
	"StateDirectory": directories(StateKind), "StateDirectoryMode": directoryMode(StateKind),
	"CacheDirectory": directories(CacheKind), "CacheDirectoryMode": directoryMode(CacheKind),
	"LogsDirectory": directories(LogsKind), "LogsDirectoryMode": directoryMode(LogsKind),
	"ConfigurationDirectory": directories(ConfigurationKind), "ConfigurationDirectoryMode": directoryMode(ConfigurationKind),
}

// limits are the resource limits that there are (systemd.exec(5), "Process
// Properties").
var limits = map[string]bool{
	"CPU": true, "FSIZE": true, "DATA": true, "STACK": true, "CORE": true, "RSS": true, "NOFILE": true, "AS": true,
	"NPROC": true, "MEMLOCK": true, "LOCKS": true, "SIGPENDING": true, "MSGQUEUE": true, "NICE": true, "RTPRIO": true, "RTTIME": true,
}

// confinement are the options for mounts, name spaces and system calls.
var confinement = []string{
	"ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "PrivateNetwork", "PrivateUsers", "PrivateMounts", "PrivateIPC",
	"ProtectHostname", "ProtectClock", "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups",
	"ProtectProc", "ProcSubset", "ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths", "TemporaryFileSystem",
	"BindPaths", "BindReadOnlyPaths", "MountFlags", "MountAPIVFS", "RestrictNamespaces", "RestrictAddressFamilies", "RestrictRealtime",
	"RestrictSUIDSGID", "RestrictFileSystems", "SystemCallFilter", "SystemCallArchitectures", "SystemCallErrorNumber", "SystemCallLog",
	"LockPersonality", "MemoryDenyWriteExecute", "DeviceAllow", "DevicePolicy", "RemoveIPC", "KeyringMode", "NetworkNamespacePath",
	"IPCNamespacePath", "ReadWriteDirectories", "ReadOnlyDirectories", "InaccessibleDirectories",
}

// irrelevant says whether an option changes nothing for capabilities: when the
// service is restarted, what is accounted and logged.
func irrelevant(key string) bool {
	switch key {
	case "Restart", "RestartSec", "RestartSteps", "RestartMaxDelaySec", "RestartMode", "RestartPreventExitStatus", "RestartForceExitStatus",
		"RuntimeMaxSec", "WatchdogSignal", "GuessMainPID", "NonBlocking", "TimeoutAbortSec", "TimeoutStartFailureMode",
		"TimeoutStopFailureMode", "FinalKillSignal", "SendSIGKILL", "RootDirectoryStartOnly", "FileDescriptorStoreMax", "OOMPolicy",
		"SyslogIdentifier", "SyslogFacility", "SyslogLevel", "SyslogLevelPrefix", "LogLevelMax", "LogExtraFields", "LogRateLimitIntervalSec",
		"LogRateLimitBurst", "LogNamespace", "Slice", "Delegate", "TTYPath", "TTYReset", "TTYVHangup", "TTYVTDisallocate", "UtmpIdentifier",
		"UtmpMode", "TasksMax", "Alias", "ExitType", "IgnoreSIGPIPE":
		return true
	}
	for _, prefix := range []string{"X-", "Memory", "CPUAccounting", "CPUWeight", "CPUShares", "CPUQuota", "IOWeight", "IOAccounting", "IPAccounting",
		"TasksAccounting", "StartLimit", "ManagedOOM", "BlockIO", "StartupCPU", "StartupIO", "StartupMemory"} {
		if strings.HasPrefix(key, prefix) && key != "MemoryDenyWriteExecute" {
			return true
		}
	}
	return false
}

func either(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func readPIDFile(r *reader, value string) (err error) {
	if value, err = r.spec.expand(value); err == nil && value != "" && !path.IsAbs(value) {
		value = path.Join(r.spec['t'], value)
	}
	r.service.PIDFile = value
	return err
}

func readWatchdog(r *reader, value string) (err error) {
	if value == "" {
		value = "0"
	}
	r.watchdog, err = parseTime(value)
	return err
}

func readTimeoutStart(r *reader, value string) (err error) {
	r.timeoutStart = true
	if r.service.TimeoutStart, err = parseTime(value); r.service.TimeoutStart == forever {
		r.service.TimeoutStart = 0
	}
	return err
}

func readTimeoutStop(r *reader, value string) (err error) {
	if r.service.TimeoutStop, err = parseTime(value); r.service.TimeoutStop == forever {
		r.service.TimeoutStop = 0
	}
	return err
}

func readWorkingDirectory(r *reader, value string) (err error) {
	value, optional := strings.CutPrefix(value, "-")
	r.service.WorkingDirectoryOptional = optional
	if value, err = r.spec.expand(value); err == nil && value != "" && value != "~" {
		value, err = parsePath(value)
	}
	r.service.WorkingDirectory = value
	return err
}

func readRootDirectory(r *reader, value string) (err error) {
	if value, err = r.spec.expand(strings.TrimPrefix(value, "-")); err == nil && value != "" {
		value, err = parsePath(value)
	}
	r.service.RootDirectory = value
	return err
}

func readEnvironment(r *reader, value string) error {
	if value == "" {
		r.service.Environment = nil
		return nil
	}
	variables, err := parseEnvironment(value, r.spec)
	for _, variable := range variables {
		r.service.Environment = setVariable(r.service.Environment, variable)
	}
	return err
}

func readEnvironmentFile(r *reader, value string) (err error) {
	if value == "" {
		r.service.EnvironmentFiles = nil
		return nil
	}
	pattern, optional := strings.CutPrefix(value, "-")
	if pattern, err = r.spec.expand(pattern); err == nil {
		pattern, err = parsePath(pattern)
	}
	r.service.EnvironmentFiles = append(r.service.EnvironmentFiles, EnvironmentFile{pattern, optional})
	return err
}

func readUMask(r *reader, value string) (err error) {
	if value == "" {
		value = "0022"
	}
	r.service.UMask, err = parseMode(value)
	return err
}

func readCPUPriority(r *reader, value string) (err error) {
	r.service.CPUPriority, err = parseInt(0, 99)(value)
	return err
}

func readIOClass(r *reader, value string) error {
	names := []string{"none", "realtime", "best-effort", "idle"}
	if n, err := parseInt(0, 3)(value); err == nil {
		value = names[n]
	}
	return oneOf(func(s *Service) *string { return &s.IOClass }, names...)(r, value)
}

func readInputText(r *reader, value string) (err error) {
	if value == "" {
		r.service.StandardInputRaw = nil
		return nil
	}
	if value, err = r.spec.expand(value); err == nil {
		r.service.StandardInputRaw = append(append(r.service.StandardInputRaw, value...), '\n')
	}
	return err
}

func readInputData(r *reader, value string) error {
	if value == "" {
		r.service.StandardInputRaw = nil
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	r.service.StandardInputRaw = append(r.service.StandardInputRaw, data...)
	return err
}

func readBounding(r *reader, value string) error {
	bounded := r.service.Bounded
	before := r.service.Bounding
	if !bounded {
		before = 0 // the first list replaces everything
	}
	r.capabilities(&before, bounded, "CapabilityBoundingSet", value)
	r.service.Bounding, r.service.Bounded = before, true
	return nil
}

func readPreserve(r *reader, value string) (err error) {
	if value == "restart" {
		r.service.RuntimePreserve = false
		return nil
	}
	r.service.RuntimePreserve, err = parseBool(value)
	return err
}

func readSuccess(r *reader, value string) error {
	if value == "" {
		r.service.SuccessStatus, r.service.SuccessSignals = nil, nil
		return nil
	}
	for _, word := range strings.Fields(value) {
		if n, err := parseInt(0, 255)(word); err == nil {
			r.service.SuccessStatus = append(r.service.SuccessStatus, n)
		} else if n, ok := exitStatuses[word]; ok {
			r.service.SuccessStatus = append(r.service.SuccessStatus, n)
		} else if strings.HasPrefix(word, "SIG") {
			r.service.SuccessSignals = append(r.service.SuccessSignals, word)
		} else {
			r.service.Ignored = append(r.service.Ignored, fmt.Sprintf("SuccessExitStatus=%s (neither a status nor a signal)", word))
		}
	}
	return nil
}

// exitStatuses are the names of sysexits.h, and those of systemd.exec(5) that
// services themselves use.
var exitStatuses = map[string]int{
	"SUCCESS": 0, "FAILURE": 1, "INVALIDARGUMENT": 2, "NOTIMPLEMENTED": 3, "NOPERMISSION": 4, "NOTINSTALLED": 5, "NOTCONFIGURED": 6, "NOTRUNNING": 7,
	"USAGE": 64, "DATAERR": 65, "NOINPUT": 66, "NOUSER": 67, "NOHOST": 68, "UNAVAILABLE": 69, "SOFTWARE": 70, "OSERR": 71, "OSFILE": 72,
	"CANTCREAT": 73, "IOERR": 74, "TEMPFAIL": 75, "PROTOCOL": 76, "NOPERM": 77, "CONFIG": 78,
}

func directories(kind Kind) readKey {
	return func(r *reader, value string) error {
		dirs := &r.service.Directories[kind]
		if value == "" {
			dirs.Names, dirs.Links = nil, map[string][]string{}
			return nil
		}
		words, err := splitWords(value)
		if err != nil {
			return err
		}
		for _, word := range words {
			if word, err = r.spec.expand(word); err != nil {
				return err
			}
			name, link, _ := strings.Cut(word, ":")
			if name, err = parseRelative(name); err != nil {
				return err
			}
			dirs.Names = append(dirs.Names, name)
			if link, _, _ = strings.Cut(link, ":"); link != "" {
				dirs.Links[name] = append(dirs.Links[name], link)
			}
		}
		return nil
	}
}

func directoryMode(kind Kind) readKey {
	return func(r *reader, value string) (err error) {
		if value == "" {
			value = "0755"
		}
		r.service.Directories[kind].Mode, err = parseMode(value)
		return err
	}
}
