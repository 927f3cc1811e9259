package attempt_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
)

func ExampleRunner_Attempt() {
	keeper, err := launch.StartKeeper()
	if err != nil {
		log.Fatal(err)
	}
	defer keeper.Close()
	nobody, err := account.Lookup("nobody")
	if err != nil {
		log.Fatal(err)
	}
	runner := attempt.NewRunner(attempt.Config{
		Command: []string{"chroot", "/", "true"}, Env: os.Environ(), Identity: nobody,
		Timeout: time.Minute, Warn: func(err error) { log.Print(err) },
	}, keeper, nil)
	for _, grant := range []caps.Set{0, caps.NewSet(caps.SysChroot)} {
		made, err := runner.Attempt(context.Background(), controller.Request{Grant: grant})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q: %s\n", grant, made.Outcome)
	}
	// Output:
	// "": exit 125
	// "cap_sys_chroot": exit 0
}
