// Command document prints docs/corpus.md, from the tables and from the results
// in DIR, which the tests left there.
package main

import (
	"fmt"
	"os"

	"github.com/capmon/capmon/internal/corpus"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: document DIR")
		os.Exit(2)
	}
	page, err := corpus.Document(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "document:", err)
		os.Exit(1)
	}
	fmt.Print(page)
}
