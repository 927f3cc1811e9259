package emit

import (
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
)

// The few types of the Kubernetes API, v1, that a Pod with a security context
// takes.
type (
	pod struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       podSpec  `yaml:"spec"`
	}
	metadata struct {
		Name string `yaml:"name"`
	}
	podSpec struct {
		SecurityContext podSecurity `yaml:"securityContext"`
		Containers      []container `yaml:"containers"`
	}
	podSecurity struct {
		SeccompProfile seccompProfile `yaml:"seccompProfile"`
	}
	seccompProfile struct {
		Type string `yaml:"type"`
	}
	container struct {
		Name            string          `yaml:"name"`
		Image           string          `yaml:"image"`
		SecurityContext securityContext `yaml:"securityContext"`
	}
	securityContext struct {
		RunAsUser                uint32          `yaml:"runAsUser"`
		RunAsGroup               uint32          `yaml:"runAsGroup"`
		RunAsNonRoot             bool            `yaml:"runAsNonRoot"`
		AllowPrivilegeEscalation bool            `yaml:"allowPrivilegeEscalation"`
		Capabilities             podCapabilities `yaml:"capabilities"`
	}
	podCapabilities struct {
		Drop []string `yaml:"drop"`
		Add  []string `yaml:"add,omitempty"`
	}
)

// kubernetes writes a Pod.
func kubernetes(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	p.comment("NAME and IMAGE are yours to fill in.")
	security := securityContext{
		RunAsUser: r.User.UID, RunAsGroup: r.User.GID, RunAsNonRoot: r.User.UID != 0,
		Capabilities: podCapabilities{Drop: []string{"ALL"}, Add: shortNames(r.Capabilities)},
	}
	if needsAmbient(r) {
		p.fileCapabilities(r, "Kubernetes")
		security.AllowPrivilegeEscalation = true
	}
	level, because := podSecurityLevel(security, r.Capabilities)
	p.comment("Pod Security Standards: this Pod meets the level %s%s.", level, because)
	if r.Capabilities.Has(caps.SysAdmin) && security.AllowPrivilegeEscalation {
		// validateSecurityContext of pkg/apis/core/validation refuses only false.
		p.comment("With CAP_SYS_ADMIN, Kubernetes insists on allowPrivilegeEscalation: true.")
	}
	if r.Capabilities.Has(caps.SysAdmin) {
		security.AllowPrivilegeEscalation = true
	}
	p.yaml(pod{
		APIVersion: "v1", Kind: "Pod", Metadata: metadata{"name"},
		Spec: podSpec{
			SecurityContext: podSecurity{seccompProfile{"RuntimeDefault"}},
			Containers:      []container{{Name: "name", Image: "IMAGE", SecurityContext: security}},
		},
	})
	return p.Bytes()
}

// baseline are the capabilities that the level baseline of the Pod Security
// Standards lets a container add: the default ones of container engines.
var baseline = caps.NewSet(caps.AuditWrite, caps.Chown, caps.DACOverride, caps.Fowner, caps.Fsetid, caps.Kill, caps.Mknod,
	caps.NetBindService, caps.SetFCap, caps.SetGID, caps.SetPCap, caps.SetUID, caps.SysChroot)

// podSecurityLevel is the strictest level that the Pod meets, and why it does
// not meet the next (kubernetes.io, "Pod Security Standards").
func podSecurityLevel(s securityContext, set caps.Set) (level, because string) {
	if beyond := set.Minus(baseline); beyond != 0 {
		return "privileged", ", since baseline does not allow " + beyond.String()
	}
	switch beyond := set.Without(caps.NetBindService); {
	case beyond != 0:
		return "baseline", ", since restricted does not allow " + beyond.String()
	case !s.RunAsNonRoot:
		return "baseline", ", since restricted wants a user who is not root"
	case s.AllowPrivilegeEscalation:
		return "baseline", ", since restricted does not allow privilege escalation, which file capabilities need"
	}
	return "restricted", ""
}
