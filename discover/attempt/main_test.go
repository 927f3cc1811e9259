package attempt_test

import (
	"os"
	"testing"

	"github.com/capmon/capmon/caps/launch"
)

func TestMain(m *testing.M) {
	if launch.IsKeeper() {
		launch.KeeperMain()
	}
	os.Exit(m.Run())
}
