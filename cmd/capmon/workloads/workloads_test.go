package workloads_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/capmon/capmon/cmd/capmon/workloads"
	"github.com/capmon/capmon/internal/schematest"
	"github.com/capmon/capmon/internal/testenv"
)

const all = `workloads:
  - name: web
    unit: nginx
    user: nobody:daemon
    setup: a
    check: b
    cleanup: c
    ready: d
    exercise: e
    reload: f
    stop: g
    skip: [reload]
    timeout: 10s
    ready-timeout: 1m
    hook-timeout: 2s
    expect-exit: 3
    expect-output: ^x$
    sandbox: net
    needs: [CAP_CHOWN, net_raw]
  - name: box
    bundle: /srv/b
    runtime: runc
    needs: []
  - name: image
    podman: web
    args: [--port, "80"]
    run-option: [--network=none]
    exec: true
    needs: []
  - name: other
    docker: web
    needs: []
`

// What the schema allows is read, and every key is in it.
func TestSchema(t *testing.T) {
	schema := schematest.Compile(t, "capmon")
	var document any
	testenv.Must(t, yaml.Unmarshal([]byte(all), &document))
	if err := schema.Validate(document); err != nil {
		t.Error(err)
	}
	list, err := workloads.Read(strings.NewReader(all))
	testenv.Must(t, err)
	if len(list) != 4 || list[0].Needs.Len() != 2 || list[0].Given.Sandbox != "net" || list[1].Given.Runtime != "runc" || list[1].Line != 20 ||
		list[2].Given.Engine != "podman" || len(list[2].Given.Arguments) != 2 || !list[2].Given.CheckInside || list[3].Given.Engine != "docker" {
		t.Errorf("read %+v", list)
	}
	for _, key := range workloads.Keys() {
		if key != "command" && !strings.Contains(all, key+":") {
			t.Errorf("the key %s is not tried", key)
		}
	}
	bad := strings.Replace(all, "setup: a", "setups: a", 1)
	testenv.Must(t, yaml.Unmarshal([]byte(bad), &document))
	if schema.Validate(document) == nil {
		t.Error("the schema allows an unknown key")
	}
}

// Whatever the file holds, the error is one line, and names nothing twice.
func FuzzRead(f *testing.F) {
	f.Add([]byte(all))
	f.Add([]byte("workloads: 1"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("workloads:\n- {name: x, needs: [1], command: [a]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := workloads.Read(bytes.NewReader(text))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		var names []string
		for _, w := range list {
			if w.Name == "" || slices.Contains(names, w.Name) {
				t.Errorf("names %q and %q", names, w.Name)
			}
			names = append(names, w.Name)
		}
	})
}
