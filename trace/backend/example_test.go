package backend_test

import (
	"fmt"

	"github.com/capmon/capmon/trace/backend"
)

func ExampleNames() {
	fmt.Println(backend.Names())
	fmt.Println(backend.Known("ftrace"))
	// Output:
	// [fexit tracepoint kprobe]
	// unknown backend "ftrace": use fexit, tracepoint, kprobe
}
