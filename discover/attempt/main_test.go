package attempt_test

import (
	"os"
	"testing"

	"github.com/capmon/capmon/caps/launch"
)

func TestMain(m *testing.M) {
	launch.KeeperMain()
	os.Exit(m.Run())
}
