// Package schematest holds what capmon prints as JSON against the documented
// forms, docs/*.schema.json.
package schematest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Compile returns docs/NAME.schema.json. The others are there for it to refer
// to: none is looked for elsewhere.
func Compile(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(docs(t), "*.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	for _, file := range files {
		add(t, compiler, file)
	}
	schema, err := compiler.Compile(base + name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// base is what the $id of every schema begins with.
const base = "https://github.com/capmon/capmon/docs/"

func add(t testing.TB, compiler *jsonschema.Compiler, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := compiler.AddResource(base+filepath.Base(file), doc); err != nil {
		t.Fatal(err)
	}
}

// docs is the directory docs beside go.mod.
func docs(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "docs")
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}
