package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/cmd/capmon/doctor"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/page"
	"github.com/capmon/capmon/cmd/capmon/state"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/cmd/capmon/version"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/discover/service"
	"github.com/capmon/capmon/trace/backend"
)

func runDiscover(s streams, o discoverOptions) error {
	if err := requireRoot("discover"); err != nil {
		return err
	}
	note, err := o.identify()
	if err != nil {
		return err
	}
	d, err := o.open(s)
	if err != nil {
		return err
	}
	defer d.discard()
	if o.page, err = openPage(o.report); err != nil {
		return err
	}
	defer o.page.discard()
	p := discoveroutput.NewProgress(s.err, terminal.NewScreen(s.err, o.color), launch.Grantable(), o.verbose)
	collect := leaveGarbage()
	types := bpf.ReadTypes()
	senders := watchSenders(types)
	defer senders.close()
	discoverer, err := openDiscoverer(s, o, types, p)
	if err != nil {
		return err
	}
	defer discoverer.Close()
	collect()
	if note != "" {
		fmt.Fprintf(s.err, "capmon discover: %s\n", note)
	}
	ctx, restore := untilInterrupted(senders)
	defer restore()
	return discoverAndPrint(ctx, s, d, o, discoverer, p)
}

// identify looks up as whom, or as which service, something is run, and
// returns a note on it for the user.
func (o *discoverOptions) identify() (note string, err error) {
	if o.bundle != "" {
		if o.container, err = container.Open(o.bundle, o.runtime); err != nil {
			return "", exit.Usagef("--bundle: %v", err)
		}
		return "", nil
	}
	if o.engine() != "" {
		return "", o.openImage()
	}
	if o.unit == "" {
		id, note, err := commandIdentity(o.user)
		if err != nil || o.userUnit == "" {
			return note, err
		}
		if o.service, err = service.OpenForUser(o.userUnit, id); err != nil {
			return "", exit.Usagef("--user-unit: %v", err)
		}
		return "", nil
	}
	var user *account.Identity
	if o.user != "" {
		id, _, err := commandIdentity(o.user)
		if err != nil {
			return "", err
		}
		user = &id
	}
	if o.service, err = service.Open(o.unit, user); err != nil {
		return "", exit.Usagef("--unit: %v", err)
	}
	if o.bySystemd() {
		return "", o.service.CopyForSystemd()
	}
	return "", nil
}

// openDiscoverer prepares for the discovery. Where nothing can be traced, and no
// backend was asked for, the set is found by searching alone.
func openDiscoverer(s streams, o discoverOptions, types *bpf.Types, p *discoveroutput.Progress) (*discover.Discoverer, error) {
	discoverer, err := discover.Open(o.settings(types, p)...)
	var unsupported *backend.UnsupportedError
	if !errors.As(err, &unsupported) {
		return discoverer, err
	}
	if o.backend != "" {
		return nil, fmt.Errorf("%w; --backend none finds the set without tracing, by searching alone", inContainer(err))
	}
	fmt.Fprintf(s.err, "capmon discover: %v\n", inContainer(err))
	fmt.Fprintln(s.err, "capmon discover: finding the set without evidence, by searching alone")
	o.backend = backend.None
	return discover.Open(o.settings(types, p)...)
}

// inContainer adds how to start the container, if there is one, to the error of
// a tracer that could not be opened.
func inContainer(err error) error {
	var unsupported *backend.UnsupportedError
	if !errors.As(err, &unsupported) || len(unsupported.Reasons) == 0 {
		return err
	}
	help := doctor.ContainerHelp()
	if help == "" {
		return err
	}
	return fmt.Errorf("%w; %s", err, help)
}

// discoverAndPrint makes the discovery and prints what it found.
func discoverAndPrint(ctx context.Context, s streams, d destinations, o discoverOptions, discoverer *discover.Discoverer, p *discoveroutput.Progress) error {
	r, err := discoverer.Discover(ctx, o.discovered(s.in))
	p.Stop()
	sayInterrupted(ctx, s.err, "capmon discover")
	var missing *launch.ExecError
	if errors.As(err, &missing) {
		fmt.Fprintf(s.err, "capmon discover: %v\n", missing)
		return exit.Status(exit.NotFound)
	}
	if err != nil {
		return o.searchFailed(err, p)
	}
	r.Version = version.Read().Version
	if r.Verdict == discover.NotFound && !o.verbose {
		lastWords(s.err, p, r.LastAsUser())
	}
	if scenario := r.LastAsUser().Scenario; r.Verdict == discover.NotFound && r.Unit != nil && (scenario == discover.Reload || scenario == discover.Stop) {
		fmt.Fprintf(s.err, "capmon discover: it starts, and its %[1]s fails with everything: --skip %[1]s leaves that out\n", scenario)
	}
	if !r.Interrupted {
		keep(s.err, r)
	}
	if err := d.print(o, r); err != nil {
		return err
	}
	if err := o.page.write(func() page.Page { return page.OfDiscovery(r) }); err != nil {
		return err
	}
	if o.install {
		if err := install(s.err, r); err != nil {
			return err
		}
	}
	if status := interruptStatus(ctx); status != 0 {
		return exit.Status(status)
	}
	return verdictStatus(r)
}

// searchFailed shows what a hook that failed had to say.
func (o discoverOptions) searchFailed(err error, p *discoveroutput.Progress) error {
	var hook *attempt.HookError
	if errors.As(err, &hook) {
		p.Output(hook.Output)
	}
	return o.optionNamed(err)
}

// optionNamed says by which option a hook that failed was given, and which
// option may help.
func (o discoverOptions) optionNamed(err error) error {
	var hook *attempt.HookError
	var ready *attempt.AlreadyReadyError
	var running *service.RunningError
	var option *engine.OptionError
	switch {
	case errors.As(err, &option):
		return exit.Usagef("%v", option)
	case errors.As(err, &running) && o.bySystemd():
		return fmt.Errorf("%w: --stop-running lets capmon stop it, and start it again at the end", running)
	case errors.As(err, &running):
		return fmt.Errorf("%w: stop it while capmon tries the service, or use --sandbox=net", running)
	case errors.As(err, &hook):
		return fmt.Errorf("--%w", hook)
	case errors.Is(err, attempt.ErrTookAllTime):
		return fmt.Errorf("%w (--ready)", err)
	case !errors.As(err, &ready):
		return err
	case ready.Earlier:
		return fmt.Errorf("--ready: %w; give a --cleanup that removes it, or try --sandbox", ready)
	case o.sandbox.options.Net:
		return fmt.Errorf("--ready: %w; the command of --ready must fail until the daemon is ready", ready)
	}
	return fmt.Errorf("--ready: %w; stop it, give this one another port, or cut it off by --sandbox=net", ready)
}

func lastWords(w io.Writer, p *discoveroutput.Progress, a discover.Attempt) {
	if a.Output == "" {
		return
	}
	fmt.Fprintln(w, "the command's own words:")
	p.Output(a.Output)
}

// keep stores the report for a later --emit. That it cannot be kept does not
// spoil the answer.
func keep(w io.Writer, r discover.Report) {
	owner, _, err := account.Caller()
	if err == nil {
		err = state.Save(owner, r)
	}
	if err != nil {
		fmt.Fprintf(w, "capmon discover: the result is not kept for a later --emit: %v\n", err)
	}
}

func verdictStatus(r discover.Report) error {
	switch r.Verdict {
	case discover.NotFound:
		return exit.Status(exit.NotFound)
	case discover.Sufficient:
		return exit.Status(exit.Unproven)
	}
	return nil
}
