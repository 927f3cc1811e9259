package launch_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
)

// TestMain calls launch.KeeperMain, as every program must.
func ExampleKeeper_Launch() {
	keeper, err := launch.StartKeeper()
	if err != nil {
		log.Fatal(err)
	}
	defer keeper.Close()
	nobody, err := account.Lookup("nobody")
	if err != nil {
		log.Fatal(err)
	}
	grant := caps.NewSet(caps.SysChroot)
	process, err := keeper.Launch(context.Background(), launch.Spec{
		Path: "chroot", Args: []string{"chroot", "/", "id", "-un"}, Env: os.Environ(),
		Stdout: os.Stdout, Identity: &nobody, Grant: &grant, NoNewPrivs: true,
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	exit, err := process.Wait(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("exit", exit.Code())
	// Output:
	// nobody
	// exit 0
}
