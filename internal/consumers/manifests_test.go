package consumers

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/capmon/capmon/internal/testenv"
)

const manifests = "../../docs/kubernetes"

// objects decodes every document of a file as the API server would, which takes
// no field that it does not know.
func objects(t *testing.T, file string) []any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(manifests, file))
	testenv.Must(t, err)
	var list []any
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var head struct{ APIVersion, Kind string }
		testenv.Must(t, yaml.Unmarshal(document, &head))
		kinds := map[string]any{
			"v1 Namespace": &corev1.Namespace{}, "v1 ServiceAccount": &corev1.ServiceAccount{}, "v1 ConfigMap": &corev1.ConfigMap{},
			"v1 Service": &corev1.Service{}, "apps/v1 DaemonSet": &appsv1.DaemonSet{}, "apps/v1 StatefulSet": &appsv1.StatefulSet{},
			"rbac.authorization.k8s.io/v1 ClusterRole":        &rbacv1.ClusterRole{},
			"rbac.authorization.k8s.io/v1 ClusterRoleBinding": &rbacv1.ClusterRoleBinding{},
		}
		object := kinds[head.APIVersion+" "+head.Kind]
		if object == nil {
			t.Fatalf("%s: %s %s is not expected", file, head.APIVersion, head.Kind)
		}
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			t.Fatalf("%s: %s: %v", file, head.Kind, err)
		}
		list = append(list, object)
	}
	return list
}

// one is the only object of its type.
func one[T any](t *testing.T, list []any) T {
	t.Helper()
	var found []T
	for _, o := range list {
		if v, ok := o.(T); ok {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of the type %T", len(found), *new(T))
	}
	return found[0]
}

// violations are the checks that a Pod does not pass at a level, by their reasons.
func violations(t *testing.T, level api.Level, template corev1.PodTemplateSpec) []string {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	testenv.Must(t, err)
	var reasons []string
	for _, r := range evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, &template.ObjectMeta, &template.Spec) {
		if !r.Allowed {
			reasons = append(reasons, r.ForbiddenReason)
		}
	}
	slices.Sort(reasons)
	return reasons
}

// capmon's Pod is privileged for what it must see and for the two capabilities,
// and for nothing else.
func TestDaemonSet(t *testing.T) {
	list := objects(t, "capmon.yaml")
	d := one[*appsv1.DaemonSet](t, list)
	want := []string{"host namespaces", "hostPath volumes", "non-default capabilities"}
	if got := violations(t, api.LevelBaseline, d.Spec.Template); !slices.Equal(got, want) {
		t.Errorf("baseline forbids %q, want %q", got, want)
	}
	want = append(want, "restricted volume types", "runAsNonRoot != true", "runAsUser=0", "unrestricted capabilities")
	// Stricter checks say more than those of baseline.
	want = slices.DeleteFunc(want, func(s string) bool { return s == "non-default capabilities" || s == "hostPath volumes" })
	slices.Sort(want)
	if got := violations(t, api.LevelRestricted, d.Spec.Template); !slices.Equal(got, want) {
		t.Errorf("restricted forbids %q, want %q", got, want)
	}
	if got := one[*corev1.Namespace](t, list).Labels[api.EnforceLevelLabel]; got != string(api.LevelPrivileged) {
		t.Errorf("the namespace enforces %q", got)
	}
	pod := d.Spec.Template.Spec
	if pod.HostNetwork || pod.HostIPC || len(pod.Volumes) != 1 || *pod.AutomountServiceAccountToken {
		t.Errorf("more than it needs: %+v", pod)
	}
	for _, m := range pod.Containers[0].VolumeMounts {
		if !m.ReadOnly {
			t.Errorf("%s can be written to", m.MountPath)
		}
	}
	if d.Spec.Selector.MatchLabels["app.kubernetes.io/name"] != d.Spec.Template.Labels["app.kubernetes.io/name"] {
		t.Error("the selector selects other Pods")
	}
}

// added are the capabilities that the DaemonSet adds, as the kernel calls them.
func added(t *testing.T) []string {
	t.Helper()
	security := one[*appsv1.DaemonSet](t, objects(t, "capmon.yaml")).Spec.Template.Spec.Containers[0].SecurityContext
	if !slices.Equal(security.Capabilities.Drop, []corev1.Capability{"ALL"}) {
		t.Errorf("drops %q", security.Capabilities.Drop)
	}
	var names []string
	for _, c := range security.Capabilities.Add {
		names = append(names, "CAP_"+string(c))
	}
	slices.Sort(names)
	return names
}

// What the DaemonSet adds is what capmon was found to need, by capmon.
func TestDaemonSetAddsWhatIsNeeded(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	out, err := exec.Command(capmon(t), "discover", "--alternatives", "--json", "--", capmon(t), "monitor", "--for", "300ms").Output()
	if err != nil {
		t.Fatalf("discover: %v", err)
	}
	var report struct {
		Verdict      string
		Capabilities []string
	}
	testenv.Must(t, json.Unmarshal(out, &report))
	slices.Sort(report.Capabilities)
	if want := added(t); report.Verdict != "minimal" || !slices.Equal(report.Capabilities, want) {
		t.Errorf("needs %q (%s), and the DaemonSet adds %q", report.Capabilities, report.Verdict, want)
	}
}

// A container with the DaemonSet's security context traces the machine, and names
// cgroups that are not its own. Without either capability it does not.
func TestDaemonSetRuns(t *testing.T) {
	testenv.NeedRoot(t, "running a container")
	testenv.NeedProgram(t, "runc", "runc")
	container := one[*appsv1.DaemonSet](t, objects(t, "capmon.yaml")).Spec.Template.Spec.Containers[0]
	c := newCollector(t)
	c.start(t)
	cgroup := newCgroup(t, "capmon-test.service")
	args := []string{"monitor", "^asking$", "--for", "5s", "--otlp", "http://127.0.0.1:" + c.http}
	names := added(t)
	p := start(t, nil, "runc", "run", "-b", bundle(t, container, names, args), "capmon-test-daemonset")
	p.says("watching by")
	askIn(t, cgroup, 50)
	if err := p.wait(); err != nil {
		t.Errorf("%v: %s", err, p.errs)
	}
	testenv.Must(t, c.end())
	stored := merge(t, c.file)
	if n := stored.refused("capmon-test.service", "CAP_SYS_ADMIN"); n != 50 {
		t.Errorf("%d refusals of the unit arrived, want 50: %+v, said %s", n, stored, p.errs)
	}
	for _, without := range names {
		rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == without })
		p := start(t, nil, "runc", "run", "-b", bundle(t, container, rest, args), "capmon-test-less")
		if err := p.wait(); err == nil || strings.Contains(p.errs.String(), "watching by") {
			t.Errorf("without %s: %v, said %s", without, err, p.errs)
		}
	}
}

// bundle is an OCI bundle with capmon in it, with the security context of the
// container as a runtime would have it from the kubelet: the processes, the
// network and the cgroups are the machine's.
func bundle(t *testing.T, c corev1.Container, capabilities, args []string) string {
	t.Helper()
	dir := testenv.OpenDir(t)
	rootfs := filepath.Join(dir, "rootfs")
	for _, d := range []string{"proc", "sys", "tmp"} {
		testenv.Must(t, os.MkdirAll(filepath.Join(rootfs, d), 0o755))
	}
	program, err := os.ReadFile(capmon(t))
	testenv.Must(t, err)
	testenv.Must(t, os.WriteFile(filepath.Join(rootfs, "capmon"), program, 0o755))
	spec := specs.Spec{
		Version: specs.Version,
		Root:    &specs.Root{Path: "rootfs", Readonly: *c.SecurityContext.ReadOnlyRootFilesystem},
		Process: &specs.Process{
			Args: append([]string{"/capmon"}, args...), Cwd: "/", Env: []string{"PATH=/", "OTEL_BLRP_SCHEDULE_DELAY=100"},
			User:            specs.User{UID: uint32(*c.SecurityContext.RunAsUser), GID: uint32(*c.SecurityContext.RunAsGroup)},
			NoNewPrivileges: !*c.SecurityContext.AllowPrivilegeEscalation,
			Capabilities:    &specs.LinuxCapabilities{Bounding: capabilities, Permitted: capabilities, Effective: capabilities},
			// What systemd gives to containerd's children.
			Rlimits: []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Hard: 1024, Soft: 1024}},
		},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/sys", Type: "none", Source: "/sys", Options: []string{"rbind", "ro"}},
			{Destination: "/sys/fs/cgroup", Type: "none", Source: "/sys/fs/cgroup", Options: []string{"rbind", "ro"}},
		},
		Linux: &specs.Linux{
			CgroupsPath: "/capmon-test-" + filepath.Base(dir),
			Namespaces:  []specs.LinuxNamespace{{Type: specs.MountNamespace}, {Type: specs.UTSNamespace}, {Type: specs.IPCNamespace}, {Type: specs.CgroupNamespace}},
			MaskedPaths: []string{"/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"}, ReadonlyPaths: []string{"/proc/sys", "/proc/bus"},
		},
	}
	text, err := json.Marshal(spec)
	testenv.Must(t, err)
	testenv.Must(t, os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600))
	return dir
}

// The collector's Pod meets the strictest level, and its configuration is one
// that the Collector takes.
func TestCollectorManifest(t *testing.T) {
	list := objects(t, "collector.yaml")
	s := one[*appsv1.StatefulSet](t, list)
	if got := violations(t, api.LevelRestricted, s.Spec.Template); len(got) > 0 {
		t.Errorf("restricted forbids %q", got)
	}
	role := one[*rbacv1.ClusterRole](t, list)
	for _, rule := range role.Rules {
		for _, verb := range rule.Verbs {
			if !slices.Contains([]string{"get", "list", "watch"}, verb) {
				t.Errorf("may %s %s", verb, rule.Resources)
			}
		}
	}
	program := collectorProgram(t)
	version, err := os.ReadFile("../collector/builder.yaml")
	testenv.Must(t, err)
	image := s.Spec.Template.Spec.Containers[0].Image
	if _, tag, _ := strings.Cut(image, ":"); !strings.Contains(string(version), "otlpreceiver v"+tag) {
		t.Errorf("the image %s is not of the version that is tested", image)
	}
	config := filepath.Join(t.TempDir(), "collector.yaml")
	testenv.Must(t, os.WriteFile(config, []byte(one[*corev1.ConfigMap](t, list).Data["collector.yaml"]), 0o600))
	if out, err := exec.Command(program, "validate", "--config", config).CombinedOutput(); err != nil {
		t.Errorf("the Collector refuses its configuration: %v: %s", err, out)
	}
}
