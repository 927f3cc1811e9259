// Package action tests action.yml: it runs the steps as GitHub's runner does.
package action

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/capmon/capmon/internal/testenv"
)

type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct {
		Using string
		Steps []struct {
			Shell, Run string
			Env        map[string]string
		}
	}
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z_.]+) *\}\}`)

// run runs the steps with these inputs for a checkout in workspace, on a runner
// whose server is at that address, and returns what they printed.
func run(t *testing.T, workspace, server string, inputs map[string]string) (string, error) {
	t.Helper()
	root, err := filepath.Abs("../..")
	testenv.Must(t, err)
	text, err := os.ReadFile(filepath.Join(root, "action.yml"))
	testenv.Must(t, err)
	var a action
	testenv.Must(t, yaml.Unmarshal(text, &a))
	values := map[string]string{"github.action_path": root, "github.action_ref": "main"}
	for name, input := range a.Inputs {
		value, given := inputs[name]
		if !given {
			value = evaluate(t, values, input.Default)
		}
		values["inputs."+name] = value
	}
	env := append(os.Environ(), "RUNNER_TEMP="+t.TempDir(), "GITHUB_SERVER_URL="+server, "GITHUB_WORKSPACE="+workspace, "GITHUB_ACTIONS=true")
	var printed strings.Builder
	for _, step := range a.Runs.Steps {
		script := filepath.Join(t.TempDir(), "script.sh")
		testenv.Must(t, os.WriteFile(script, []byte(evaluate(t, values, step.Run)), 0o755))
		if step.Shell != "bash" {
			t.Fatalf("shell %q", step.Shell)
		}
		// docs.github.com, "Workflow syntax", jobs.<job_id>.steps[*].shell.
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
		cmd.Dir, cmd.Env = workspace, slices.Clone(env)
		for _, name := range slices.Sorted(maps.Keys(step.Env)) {
			cmd.Env = append(cmd.Env, name+"="+evaluate(t, values, step.Env[name]))
		}
		out, err := cmd.CombinedOutput()
		printed.Write(out)
		if err != nil {
			return printed.String(), err
		}
	}
	return printed.String(), nil
}

func evaluate(t *testing.T, values map[string]string, text string) string {
	t.Helper()
	return expression.ReplaceAllStringFunc(text, func(found string) string {
		value, ok := values[expression.FindStringSubmatch(found)[1]]
		if !ok {
			t.Fatalf("unknown expression %s", found)
		}
		return value
	})
}

// checkout is a repository with a capmon.yaml in a directory of it.
func checkout(t *testing.T, needs string) string {
	t.Helper()
	workspace := testenv.OpenToAll(t)
	testenv.Must(t, os.Mkdir(filepath.Join(workspace, "deploy"), 0o755))
	testenv.Must(t, os.WriteFile(filepath.Join(workspace, "deploy/capmon.yaml"), []byte(`workloads:
  - name: root changes
    command: chroot / true
    user: nobody
    needs: [`+needs+`]
`), 0o644))
	return workspace
}

func TestAction(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	workspace := checkout(t, "CAP_SYS_CHROOT")
	out, err := run(t, workspace, "", map[string]string{"directory": "deploy", "junit": "results.xml", "options": "--quick"})
	if err != nil || !strings.Contains(out, "still sufficient") {
		t.Errorf("%v\n%s", err, out)
	}
	if xml, err := os.ReadFile(filepath.Join(workspace, "deploy/results.xml")); err != nil || !strings.Contains(string(xml), "<testcase") {
		t.Errorf("%v %s", err, xml)
	}

	out, err = run(t, checkout(t, ""), "", map[string]string{"directory": "deploy"})
	if err == nil || !strings.Contains(out, "\n::error file=deploy/capmon.yaml,line=2,title=capmon%3A root changes needs more::+ CAP_SYS_CHROOT") {
		t.Errorf("more is needed: %v\n%s", err, out)
	}
}

// A release is downloaded, and its sum checked.
func TestActionRelease(t *testing.T) {
	testenv.NeedProgram(t, "curl", "curl")
	program := "#!/bin/sh\necho this is $*\n"
	sums := fmt.Sprintf("%x  capmon-1.2.3-linux-%s\n", sha256.Sum256([]byte(program)), runtime.GOARCH)
	mux := http.NewServeMux()
	const below = "/capmon/capmon/releases/download/"
	for version, content := range map[string]string{"v1.2.3": program, "v1.2.4": program + "exit 0\n"} {
		name := "capmon-" + version[1:] + "-linux-" + runtime.GOARCH
		mux.HandleFunc(below+version+"/"+name, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, content) })
		mux.HandleFunc(below+version+"/SHA256SUMS", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.ReplaceAll(sums, "1.2.3", version[1:]))
		})
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	for version, want := range map[string]string{
		"v1.2.3": "this is version\nthis is verify",
		"v1.2.4": "::error::the download of capmon v1.2.4 is damaged",
		"v1.2.5": "::error::capmon v1.2.5 cannot be downloaded: see http://",
	} {
		out, err := run(t, t.TempDir(), server.URL, map[string]string{"version": version})
		if (err == nil) != (version == "v1.2.3") || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", version, err, out)
		}
	}
}
