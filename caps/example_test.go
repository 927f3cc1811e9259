package caps_test

import (
	"fmt"
	"log"

	"github.com/capmon/capmon/caps"
)

func ExampleParseSet() {
	set, err := caps.ParseSet("cap_net_raw,net_admin,CAP_CHOWN")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set)
	fmt.Println(set.Has(caps.NetRaw), set.Without(caps.Chown).Len())
	_, err = caps.ParseSet("cap_net_row")
	fmt.Println(err)
	// Output:
	// cap_chown,cap_net_admin,cap_net_raw
	// true 2
	// unknown capability "cap_net_row": did you mean CAP_NET_RAW?
}

func ExampleSet_ByPower() {
	for _, c := range caps.NewSet(caps.SysAdmin, caps.NetBindService, caps.DACReadSearch).ByPower() {
		fmt.Println(c)
	}
	// Output:
	// CAP_NET_BIND_SERVICE
	// CAP_DAC_READ_SEARCH
	// CAP_SYS_ADMIN
}
