package controller_test

import (
	"context"
	"fmt"
	"log"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
)

// modelled is a program of which it is known what it needs.
type modelled caps.Set

func (m modelled) Attempt(_ context.Context, r controller.Request) (controller.Attempt, error) {
	return controller.Attempt{Success: r.Grant.Contains(caps.Set(m))}, nil
}

func ExampleFind() {
	program := modelled(caps.NewSet(caps.Chown, caps.SysChroot))
	result, err := controller.Find(context.Background(), program, controller.Options{
		Grantable: caps.NewSet(caps.Chown, caps.DACOverride, caps.NetAdmin, caps.SysChroot),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Verdict, result.Capabilities)
	// Output: minimal cap_chown,cap_sys_chroot
}
