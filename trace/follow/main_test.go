package follow

import (
	"fmt"
	"os"
	"testing"
)

// roleEnv makes the test binary one of its own helper programs.
const roleEnv = "CAPMON_TEST_ROLE"

// roles are the helper programs. What one returns is its exit status.
var roles = map[string]func(args []string) int{}

func TestMain(m *testing.M) {
	if name := os.Getenv(roleEnv); name != "" {
		role, ok := roles[name]
		if !ok {
			fmt.Fprintf(os.Stderr, "no such role: %q\n", name)
			os.Exit(125)
		}
		os.Exit(role(os.Args[1:]))
	}
	status := m.Run()
	if err := world.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}
