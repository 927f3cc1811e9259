package account_test

import (
	"fmt"
	"log"

	"github.com/capmon/capmon/caps/account"
)

func ExampleLookup() {
	id, err := account.Lookup("root:4711")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id.Name, id.UID, id.GID)
	fmt.Println(id.Environ([]string{"HOME=/home/me", "SUDO_UID=1000", "LANG=C"})[:2])
	// Output:
	// root 0 4711
	// [LANG=C HOME=/root]
}
