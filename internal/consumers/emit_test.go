package consumers

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
)

// reports are what the forms have to be able to say.
func reports() map[string]discover.Report {
	all := map[string]discover.Report{}
	for _, uid := range []uint32{0, 1000} {
		for _, set := range []caps.Set{
			0, caps.NewSet(caps.NetBindService), caps.NewSet(caps.Chown, caps.SetUID), caps.NewSet(caps.NetAdmin), caps.NewSet(caps.SysAdmin, caps.NetRaw),
		} {
			user := account.Identity{Name: "web", GroupName: "web", UID: uid, GID: uid, Groups: []uint32{7}}
			name := user.Name + " " + set.String()
			if uid == 0 {
				name = "root " + set.String()
			}
			all[name] = discover.Report{
				Schema: discover.Schema, Command: []string{"x: # ' \"$y"}, User: user,
				Result: discover.Result{Verdict: discover.Minimal, Capabilities: set},
			}
		}
	}
	return all
}

func write(t *testing.T, format string, r discover.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := emit.Write(&out, format, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// short are the names without CAP_, as engines have them.
func short(set caps.Set) []string {
	var names []string
	for _, name := range set.Names() {
		names = append(names, strings.TrimPrefix(name, "CAP_"))
	}
	return names
}

func TestCompose(t *testing.T) {
	for name, r := range reports() {
		out := write(t, "compose", r)
		project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
			WorkingDir:  t.TempDir(),
			ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: out}},
		}, func(o *loader.Options) { o.SetProjectName("test", true) })
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
			continue
		}
		service := project.Services["NAME"]
		if !slices.Equal([]string(service.CapAdd), short(r.Capabilities)) || !slices.Equal([]string(service.CapDrop), []string{"ALL"}) {
			t.Errorf("%s: adds %q and drops %q", name, service.CapAdd, service.CapDrop)
		}
	}
}

func TestOCI(t *testing.T) {
	for name, r := range reports() {
		decoder := json.NewDecoder(bytes.NewReader(write(t, "oci", r)))
		decoder.DisallowUnknownFields()
		var spec specs.Spec
		if err := decoder.Decode(&spec); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sets := spec.Process.Capabilities
		for _, set := range [][]string{sets.Bounding, sets.Effective, sets.Inheritable, sets.Permitted, sets.Ambient} {
			if !slices.Equal(set, r.Capabilities.Names()) {
				t.Errorf("%s: a set is %q", name, set)
			}
		}
		if user := spec.Process.User; user.UID != r.User.UID || !slices.Equal(user.AdditionalGids, r.User.Groups) {
			t.Errorf("%s: the user is %+v", name, user)
		}
	}
}

// Kubernetes' own evaluation finds the level that the comment names, and the
// Pod is one that the API server takes.
func TestKubernetes(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range reports() {
		out := write(t, "kubernetes", r)
		var pod corev1.Pod
		if err := yaml.UnmarshalStrict(out, &pod); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
			continue
		}
		met := api.LevelPrivileged
		for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
			results := evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, &pod.ObjectMeta, &pod.Spec)
			if policy.AggregateCheckResults(results).Allowed {
				met = level
			}
		}
		if !strings.Contains(string(out), "meets the level "+string(met)) {
			t.Errorf("%s: the level is %s:\n%s", name, met, out)
		}
		security := pod.Spec.Containers[0].SecurityContext
		if r.Capabilities.Has(caps.SysAdmin) && !*security.AllowPrivilegeEscalation {
			t.Errorf("%s: the API server refuses allowPrivilegeEscalation: false with CAP_SYS_ADMIN", name)
		}
		var added []string
		for _, c := range security.Capabilities.Add {
			added = append(added, string(c))
		}
		if !slices.Equal(added, short(r.Capabilities)) {
			t.Errorf("%s: adds %q", name, added)
		}
	}
}
