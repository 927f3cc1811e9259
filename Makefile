# make demo    build capmon and discover what `ip link set` needs
# make test    install what the tests need and run them all, VMs included
# make corpus  try capmon on every capability and on many whole programs
# make units   try capmon on the services that Debian ships
# make engines try capmon on container images, by podman and docker
# make fuzz    feed every parser of outside data with inputs that break it
# make bench   measure what capmon costs, beside other programs; QUICK=1 only tries it
# make fleet   measure what it costs to collect from many machines
# make dist    all that a release consists of, in dist/: packages, programs, image, sources
# make race    the tests that run under cgo, with the race detector
# make chance  try capmon on commands that fail by chance
# make soak    kill capmon at 200 moments of each of its jobs, and look for what is left
# make lint    what CI looks at besides the tests

export CGO_ENABLED := 0

# Debian 12's own Go cannot read go.mod: scripts/go.sh finds one that can.
GO_DIR := $(shell scripts/go.sh)
ifeq ($(GO_DIR),)
$(error no usable Go)
endif
export PATH := $(GO_DIR):$(PATH)

# Pinned here and nowhere else, so that a new release of a linter cannot break
# a build. They are no requirements of go.mod: capmon does not build with them.
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: chance dist disttest freshtest units engines fleet build demo test unit fuzz race reproducible soak vmtest arm64test corpus bench lint generate docs check-generated install clean

# urfave_cli_no_docs leaves out what the flag library would write manual pages
# with: capmon's own are made in cmd/capmon/help. grpcnotrace leaves out the pages
# on which gRPC would show its requests.
build:
	go build -trimpath -ldflags "-s -w" -tags urfave_cli_no_docs,grpcnotrace -o bin/capmon ./cmd/capmon

demo: build
	scripts/install.sh demo
	scripts/demo.sh bin/capmon

test: unit vmtest

unit:
	scripts/install.sh test
	scripts/install.sh page
	scripts/install.sh fleet
	go test -count=1 ./...
	cd scripts/bench && go test -count=1 ./...
	# Building it may take longer than a test is given.
	scripts/collector.sh build
	cd internal/consumers && go test -count=1 ./...
	test "$$(cd docs/example && go run .)" = "minimal cap_sys_chroot"

# The tests that need a kernel on which fexit and kprobe load.
vmtest:
	scripts/install.sh vm
	scripts/vmtest.sh
	scripts/systemdtest.sh
	scripts/servicetest.sh

# The same on Debian's arm64 kernels, all of it emulated: slow, and no part of
# make test.
arm64test:
	scripts/arm64test.sh

# Whole programs and every capability, against a search by brute force: writes
# docs/corpus.md. Installs the programs.
corpus:
	scripts/corpus.sh install
	scripts/corpus.sh run

# The services that Debian ships, against a search by brute force, here; and by
# systemd in a virtual machine. Writes docs/units.md. Installs the services.
units:
	scripts/install.sh units
	CAPMON_UNITS=search CAPMON_UNITS_OUT=$(CURDIR)/docs/units.md go test -count=1 -timeout 90m ./internal/units
	scripts/install.sh vm
	scripts/unitstest.sh

# Container images by real engines, in a virtual machine.
engines:
	scripts/install.sh engines
	scripts/install.sh vm
	scripts/enginestest.sh

# Writes docs/performance.md, on a quiet machine in ten minutes. What draws its
# plots is in a module of its own, and no dependency of capmon.
bench: build
	scripts/install.sh bench
	scripts/install.sh vm
	cd scripts/bench && go build -trimpath -o ../../bin/bench .
	bin/bench $(if $(QUICK),-quick -rounds 2 -o bin)

# Writes the table in docs/fleet.md. The first time it builds an OpenTelemetry
# Collector, which takes minutes.
fleet:
	scripts/collector.sh build
	cd internal/consumers && go test -count=1 -timeout 30m -run 'TestLoad|TestCost' -v . -fleet-document

# FUZZTIME is for each target.
FUZZTIME := 10s
fuzz:
	scripts/fuzz.sh $(FUZZTIME)

# The race detector takes cgo, with which libcap changes all threads at once.
# So what starts keepers is left out: there it is one thread that changes.
race:
	scripts/install.sh test
	scripts/install.sh race
	CGO_ENABLED=1 CGO_LDFLAGS_ALLOW='-Wl,-?-wrap[=,][^-.@][^,]*' go test -race -count=1 $(RACY)

RACY := ./caps ./caps/account ./caps/sandbox ./discover/controller ./discover/emit ./trace ./trace/backend ./trace/follow \
	./trace/monitor ./cmd/capmon/cgroup ./cmd/capmon/command ./cmd/capmon/doctor ./cmd/capmon/help ./cmd/capmon/monitorexport \
	./cmd/capmon/monitoroutput ./cmd/capmon/state ./cmd/capmon/version

# What is not committed is not in it. The version is the tag of the commit.
dist:
	rm -rf dist
	scripts/dist.sh dist

# Installs what make dist makes, runs it, and removes it again.
disttest:
	scripts/install.sh dist
	scripts/disttest.sh

# The README's first command where there is only Debian 12.
freshtest:
	scripts/install.sh fresh
	scripts/freshtest.sh

# Two builds in two directories are the same, byte for byte.
reproducible:
	scripts/reproducible.sh

# CAPMON_SOAK is how often each job is killed; make test does it 20 times.
soak:
	CAPMON_SOAK=200 go test -count=1 -timeout 60m -run TestKilledAtAnyMoment -v ./cmd/capmon

# RUNS is for each of two commands at each of three rates of success.
RUNS := 200
chance: build
	scripts/install.sh chance
	scripts/chance.sh $(RUNS)

lint:
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	for module in . internal/consumers scripts/bench scripts/dist docs/example; do \
		(cd $$module && go mod tidy -diff && go vet ./... && go run $(STATICCHECK) ./...) || exit; \
	done
	# What is in virtual machines only.
	go vet -tags vm ./... && go run $(STATICCHECK) -tags vm ./...
	go run $(ACTIONLINT)
	scripts/govulncheck.sh $(GOVULNCHECK)

# The compiled eBPF programs are committed, so that building capmon takes
# nothing but Go. They are reproducible with Debian 12's clang-14.
generate:
	scripts/install.sh generate
	go generate ./...

# The manual pages and the tables of options in docs/guide.md are committed; they
# are made of the same words as --help.
docs: build
	mkdir -p docs/man
	bin/capmon man --dir docs/man
	go test -count=1 -run 'TestReadme|TestExplained' ./cmd/capmon -rewrite-readme

check-generated: generate docs
	git diff --exit-code -- bpf docs README.md
	test -z "$$(git status --porcelain -- bpf docs README.md | tee /dev/stderr)"

install: build
	install -D -m 0755 bin/capmon $(DESTDIR)/usr/local/bin/capmon
	install -d $(DESTDIR)/usr/local/share/man/man1
	install -m 0644 docs/man/*.1 $(DESTDIR)/usr/local/share/man/man1
	install -d $(DESTDIR)/usr/local/share/bash-completion/completions
	install -d $(DESTDIR)/usr/local/share/zsh/site-functions
	install -d $(DESTDIR)/usr/local/share/fish/vendor_completions.d
	bin/capmon completion bash > $(DESTDIR)/usr/local/share/bash-completion/completions/capmon
	bin/capmon completion zsh > $(DESTDIR)/usr/local/share/zsh/site-functions/_capmon
	bin/capmon completion fish > $(DESTDIR)/usr/local/share/fish/vendor_completions.d/capmon.fish

clean:
	rm -rf bin
