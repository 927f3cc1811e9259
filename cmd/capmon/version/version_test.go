package version

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	for _, test := range []struct {
		build debug.BuildInfo
		want  string
	}{
		{debug.BuildInfo{}, "capmon unknown\ncommit unknown\ndate unknown\ngo"},
		{debug.BuildInfo{
			Main: debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
			},
		}, "capmon v1.2.3\ncommit abc, with changes that were not committed\ndate 2026-01-02T03:04:05Z\ngo"},
	} {
		var b strings.Builder
		if err := read(&test.build).Write(&b); err != nil || !strings.HasPrefix(b.String(), test.want) {
			t.Errorf("%v\n%swant\n%s", err, b.String(), test.want)
		}
	}
}
