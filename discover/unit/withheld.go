package unit

import (
	"strings"

	"github.com/capmon/capmon/caps"
)

// Withheld are the capabilities that other options take out of the bounding
// set (unit_patch_contexts in systemd's src/core/unit.c; systemd.exec(5) at
// each option).
func (s Service) Withheld() caps.Set {
	var set caps.Set
	for _, confinement := range s.Confinement {
		key, value, _ := strings.Cut(confinement, "=")
		if on, err := parseBool(value); err == nil && on {
			set |= withheldBy[key]
		}
	}
	return set
}

var withheldBy = map[string]caps.Set{
	"PrivateDevices":       caps.NewSet(caps.Mknod, caps.SysRawIO),
	"ProtectKernelModules": caps.NewSet(caps.SysModule),
	"ProtectKernelLogs":    caps.NewSet(caps.Syslog),
	"ProtectClock":         caps.NewSet(caps.SysTime, caps.WakeAlarm),
}
