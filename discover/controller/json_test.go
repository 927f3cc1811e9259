package controller_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/schematest"
	"github.com/capmon/capmon/trace"
)

// schema compiles the JSON Schema of a report.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, "discover")
}

// document returns the JSON form of r as a validator sees it.
func document(t *testing.T, r controller.Report) map[string]any {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

// fullReport is a report in which every field of the JSON form has a value,
// also those that are added after this was written.
func fullReport() controller.Report {
	var r controller.Report
	fill(reflect.ValueOf(&r).Elem())
	r.Schema = controller.Schema
	r.Unit.Type, r.Unit.Manager = "notify", "capmon"
	r.Given.Sandbox = "net"
	r.Given.Engine, r.Container.Engine = "podman", "docker"
	return r
}

// fill sets v, and all that it holds, to something else than zero, except for
// fields that are not written.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString(words(v.Type()))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1)
	default:
		if v.CanUint() {
			v.SetUint(1)
		} else {
			v.SetInt(1)
		}
	}
}

// words returns a text that a type of string takes.
func words(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[controller.Verdict]():
		return string(controller.Minimal)
	case reflect.TypeFor[controller.Advice]():
		return string(controller.CleanUp)
	case reflect.TypeFor[controller.Scenario]():
		return string(controller.Serve)
	case reflect.TypeFor[trace.Verdict]():
		return string(trace.Fail)
	}
	return "x"
}

func TestReportFollowsTheSchema(t *testing.T) {
	s := schema(t)
	searched := fullReport()
	searched.Evidence[0].Check = nil
	for name, r := range map[string]controller.Report{
		"full":             fullReport(),
		"without a check":  searched,
		"nothing was done": {Schema: controller.Schema, Result: controller.Result{Verdict: controller.NotFound}},
		"empty parts": {Schema: controller.Schema, Result: controller.Result{
			Verdict:  controller.Sufficient,
			Evidence: []controller.Evidence{{Check: &trace.Check{Verdict: trace.Pass}}},
			Runs:     []controller.Attempt{{Exit: 127, Checks: []trace.Check{{Verdict: trace.Fail, Return: -1}}}},
		}},
	} {
		if err := s.Validate(document(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaRefuses changes one thing in a report and wants the schema to
// see it.
func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	at := func(doc map[string]any, path ...string) map[string]any {
		for _, name := range path {
			if list, ok := doc[name].([]any); ok {
				doc = list[0].(map[string]any)
			} else {
				doc = doc[name].(map[string]any)
			}
		}
		return doc
	}
	places := [][]string{
		nil, {"user"}, {"confirmed"}, {"evidence"}, {"evidence", "check"}, {"evidence", "check", "process"}, {"runs"}, {"runs", "checks"},
	}
	for _, place := range places {
		doc := document(t, fullReport())
		at(doc, place...)["surplus"] = 1
		if s.Validate(doc) == nil {
			t.Errorf("%q: takes what is not in it", place)
		}
		for name := range at(document(t, fullReport()), place...) {
			doc := document(t, fullReport())
			delete(at(doc, place...), name)
			if s.Validate(doc) == nil {
				t.Errorf("%q: does without %q", place, name)
			}
			doc = document(t, fullReport())
			at(doc, place...)[name] = map[string]any{"wrong": "type"}
			if s.Validate(doc) == nil {
				t.Errorf("%q: takes anything as %q", place, name)
			}
		}
	}
	for _, change := range []func(map[string]any){
		func(d map[string]any) { d["schema"] = "capmon.discover/2" },
		func(d map[string]any) { d["verdict"] = "perhaps" },
		func(d map[string]any) { d["capabilities"] = []any{"net_admin"} },
		func(d map[string]any) { d["capabilities"] = []any{"CAP_CHOWN", "CAP_CHOWN"} },
		func(d map[string]any) { at(d, "evidence", "check")["verdict"] = "MAYBE" },
		func(d map[string]any) { at(d, "user")["uid"] = -1 },
		func(d map[string]any) { at(d, "runs")["exit"] = -2 },
	} {
		doc := document(t, fullReport())
		change(doc)
		if s.Validate(doc) == nil {
			t.Errorf("takes %v", doc)
		}
	}
}

func TestReportSurvivesJSON(t *testing.T) {
	r := fullReport()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got controller.Report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestSecondsKeepEveryNanosecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// 2^50 ns are 13 days. From 2^52 ns on, the two roundings of a
		// float64 can add up to a nanosecond.
		want := controller.Attempt{Duration: time.Duration(rapid.Int64Range(0, 1<<50).Draw(t, "duration"))}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got controller.Attempt
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-written +read):\n%s", text, diff)
		}
	})
}

func TestSecondsAreANumber(t *testing.T) {
	text, err := json.Marshal(controller.Attempt{Duration: 1500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"seconds":1.5`) {
		t.Errorf("no seconds in %s", text)
	}
}

func TestNoListIsNull(t *testing.T) {
	r := controller.Report{Result: controller.Result{
		Evidence: []controller.Evidence{{Check: &trace.Check{}}, {}},
		Runs:     []controller.Attempt{{Checks: []trace.Check{{}}}, {}},
	}}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	// Five are right: no unit, no container, evidence without a check, attempts of which it
	// is not known what failed.
	if got := strings.Count(string(text), "null"); got != 5 {
		t.Errorf("%d times null in %s", got, text)
	}
	if r.Runs[0].Checks[0].Stack != nil || r.Evidence[0].Check.Stack != nil {
		t.Error("writing changed the report")
	}
}
