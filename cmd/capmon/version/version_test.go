package version

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	for _, test := range []struct {
		build   debug.BuildInfo
		archive string
		want    string
	}{
		{debug.BuildInfo{}, "", "capmon unknown\ncommit unknown\ndate unknown\ngo"},
		{debug.BuildInfo{
			Main: debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
			},
		}, "v9\nfed\n2020-01-01T00:00:00Z\n", "capmon v1.2.3\ncommit abc, with changes that were not committed\ndate 2026-01-02T03:04:05Z\ngo"},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "v1.2.3\nabc\n2026-01-02T03:04:05Z\n", "capmon v1.2.3\ncommit abc\ndate 2026-01-02T03:04:05Z\ngo"},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, archive, "capmon (devel)\ncommit unknown\n"},
	} {
		var b strings.Builder
		if err := read(&test.build, test.archive).Write(&b); err != nil || !strings.HasPrefix(b.String(), test.want) {
			t.Errorf("%v\n%swant\n%s", err, b.String(), test.want)
		}
	}
}
