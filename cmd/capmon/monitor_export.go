package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"sync"

	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/monitorexport"
	"github.com/capmon/capmon/cmd/capmon/version"
	"github.com/capmon/capmon/trace/monitor"
)

// export is where checks go instead of being printed; nil where they are
// printed.
type export struct {
	options  monitorOptions
	say      func(format string, args ...any)
	server   *monitorexport.Server
	exporter *monitorexport.Exporter
	monitor  *monitor.Monitor
	closed   sync.Once
	result   monitorexport.Result
}

// openExport finds mistakes before anything is traced.
func openExport(s streams, o monitorOptions) (x *export, err error) {
	if !o.exports() {
		return nil, nil
	}
	// net/http says there what is told in the exporter's words.
	log.SetOutput(io.Discard)
	x = &export{options: o, say: func(format string, args ...any) {
		fmt.Fprintf(s.err, "capmon monitor: "+format+"\n", args...)
	}}
	if o.metrics != "" {
		if x.server, err = monitorexport.Listen(o.metrics); err != nil {
			return nil, exit.Usagef("--metrics: %v", err)
		}
	}
	// Not the monitor's context: what it has seen is sent after it has ended.
	x.exporter, err = monitorexport.Open(context.Background(), monitorexport.Config{
		OTLP: o.otlp, Version: version.Read().Version, Say: x.say,
	})
	if err != nil {
		x.discard()
		return nil, exit.Usagef("--otlp: %v", err)
	}
	return x, nil
}

// start begins to export what the monitor will see.
func (x *export) start(m *monitor.Monitor) error {
	if x == nil {
		return nil
	}
	x.monitor = m
	x.exporter.Start(m.Backend())
	if x.server != nil {
		return x.server.Serve(x.exporter)
	}
	return nil
}

// where says where to.
func (x *export) where() string {
	if x == nil {
		return ""
	}
	text := ""
	if x.options.otlp != nil {
		text += fmt.Sprintf(", exporting to %s by %s", x.options.otlp.Endpoint, x.options.otlp.Protocol)
	}
	if x.server != nil {
		text += fmt.Sprintf(", serving http://%s/metrics", x.server.Address())
	}
	return text
}

func (x *export) add(burst []monitor.Event) error {
	x.exporter.Add(burst)
	lost, err := x.monitor.Lost()
	if err != nil {
		return err
	}
	x.lost(lost)
	return nil
}

// lost says how many checks the monitor has lost by now.
func (x *export) lost(n uint64) {
	if x != nil {
		x.exporter.SetLostInKernel(n)
	}
}

// end sends what is left and says what became of all. It is an error if the
// collector could never be reached.
func (x *export) end() error {
	if x == nil || x.options.otlp == nil {
		return nil
	}
	x.discard()
	if x.options.otlp.Logs {
		x.say("%s", x.result)
	}
	if x.result.Reached {
		return nil
	}
	return fmt.Errorf("nothing was exported to %s: %s", x.options.otlp.Endpoint, cmp.Or(x.result.Trouble, "it did not answer"))
}

// discard ends what runs, and may be called again.
func (x *export) discard() {
	if x == nil {
		return
	}
	x.closed.Do(func() {
		if x.exporter != nil {
			x.result = x.exporter.Close()
		}
		if x.server != nil {
			x.server.Close()
		}
	})
}
