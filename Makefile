# make demo    build capmon and discover what `ip link set` needs
# make test    install what the tests need and run them all, VMs included
# make lint    what CI looks at besides the tests

export CGO_ENABLED := 0

# Pinned, so that a new release of a linter cannot break a build.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: build demo test unit vmtest lint generate check-generated install clean

build:
	go build -trimpath -o bin/capmon ./cmd/capmon

demo: build
	scripts/install.sh demo
	scripts/demo.sh bin/capmon

test: unit vmtest

unit:
	scripts/install.sh test
	go test -count=1 ./...

# The tests that need a kernel on which fexit and kprobe load.
vmtest:
	scripts/install.sh vm
	scripts/vmtest.sh

lint:
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	go vet ./...
	go run $(STATICCHECK) ./...
	scripts/govulncheck.sh $(GOVULNCHECK)

# The compiled eBPF programs are committed, so that building capmon takes
# nothing but Go. They are reproducible with Debian 12's clang-14.
generate:
	scripts/install.sh generate
	go generate ./...

check-generated: generate
	git diff --exit-code -- bpf docs
	test -z "$$(git status --porcelain -- bpf docs | tee /dev/stderr)"

install: build
	install -D -m 0755 bin/capmon $(DESTDIR)/usr/local/bin/capmon

clean:
	rm -rf bin
