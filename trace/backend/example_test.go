package backend_test

import (
	"fmt"

	"github.com/capmon/capmon/trace/backend"
)

func ExampleNames() {
	fmt.Println(backend.Names())
	_, err := backend.Find("ftrace")
	fmt.Println(err)
	// Output:
	// [fexit tracepoint kprobe]
	// unknown backend "ftrace": use fexit, tracepoint, kprobe
}
