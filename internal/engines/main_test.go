//go:build vm

package engines

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"

	"github.com/capmon/capmon/caps/launch"
)

// The environment says what is run. scripts/enginestest.sh sets it, in a virtual
// machine.
const (
	// envRun is the engine whose containers are tried.
	envRun = "CAPMON_ENGINES"
	// envBinary is capmon.
	envBinary = "CAPMON_ENGINES_BIN"
	// envServe is the address of the program in an image.
	envServe = "SERVE"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(envServe); address != "" {
		os.Exit(serve(address))
	}
	launch.KeeperMain()
	os.Exit(m.Run())
}

// serve is what this program does in an image.
func serve(address string) int {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		err = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }))
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
