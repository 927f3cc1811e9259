package corpus

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
)

// Result is how the discovery of a case went.
type Result struct {
	Name    string             `json:"name"`
	Kernel  string             `json:"kernel"`
	Backend string             `json:"backend"`
	Verdict controller.Verdict `json:"verdict"`
	Found   caps.Set           `json:"found"`
	// Root: it needs to be uid 0.
	Root bool `json:"root"`
	// Find is how many attempts it took to the first that succeeded, Prove how
	// many after that. Those as another user, before it was found to insist on
	// uid 0, are left out.
	Find  int `json:"find"`
	Prove int `json:"prove"`
	// Seconds is all of capmon discover, Command one attempt that succeeded.
	Seconds float64 `json:"seconds"`
	Command float64 `json:"command"`
	// Grants is what the distribution gives the program.
	Grants string `json:"grants"`
	// Searched: the set was compared with what trying all sets found.
	Searched bool `json:"searched"`
}

// NewResult is what a report says of a case.
func NewResult(c Case, r controller.Report, seconds float64) Result {
	result := Result{
		Name: c.Name, Kernel: r.Kernel, Backend: r.Backend,
		Verdict: r.Verdict, Found: r.Capabilities, Root: r.User.UID == 0, Seconds: seconds,
	}
	runs := r.Runs
	if r.NeedsRoot {
		runs = runs[lastStart(runs):]
	}
	for i, a := range runs {
		if a.Success {
			result.Find, result.Prove = i+1, len(runs)-i-1
			result.Command = a.Duration.Seconds()
			break
		}
	}
	return result
}

// lastStart is the index of the attempt with which the second of two searches
// begins: every search begins with nothing.
func lastStart(runs []controller.Attempt) int {
	start := 0
	for i, a := range runs {
		if a.Granted == 0 && !runs[start].Success && i > start {
			return i
		}
	}
	return start
}

// Beyond is how many attempts more than the size of the set it took to find
// it; 1 is what granting one refusal a step takes.
func (r Result) Beyond() int { return r.Find - r.Found.Len() }

// Write keeps the results as DIR/NAME.json.
func Write(dir, name string, results []Result) error {
	data, err := json.MarshalIndent(results, "", "\t")
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return renameio.WriteFile(filepath.Join(dir, name+".json"), data, 0o644)
}

// Read returns the results that were kept under the name.
func Read(dir, name string) ([]Result, error) {
	data, err := os.ReadFile(filepath.Join(dir, name+".json"))
	if err != nil {
		return nil, err
	}
	var results []Result
	if err := json.Unmarshal(data, &results); err != nil {
		return nil, fmt.Errorf("read results %s: %w", name, err)
	}
	return results, nil
}
