package unit_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/capmon/capmon/discover/unit"
)

func ExampleRead() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "web.service")
	text := "[Service]\nUser=www-data\nExecStart=/usr/sbin/web -c /etc/%N.conf\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
	files, err := unit.FindFile(file, nil)
	if err != nil {
		log.Fatal(err)
	}
	service, err := unit.Read(files, unit.System())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(service.Type, service.User, service.Start[0].Args, service.Bounding)
	// Output: simple www-data [/usr/sbin/web -c /etc/web.conf] cap_net_bind_service
}
