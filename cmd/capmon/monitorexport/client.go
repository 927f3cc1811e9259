package monitorexport

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// newLogClient makes what sends log records. It sends once, and the sender
// repeats: only so it is known what was lost.
func (s Settings) newLogClient(ctx context.Context) (c sdklog.Exporter, err error) {
	err = watchingErrors(func() (err error) {
		if s.Protocol == GRPC {
			options := []otlploggrpc.Option{
				otlploggrpc.WithEndpointURL(s.Endpoint.String()), otlploggrpc.WithRetry(otlploggrpc.RetryConfig{}),
			}
			if s.gzip {
				options = append(options, otlploggrpc.WithCompressor("gzip"))
			}
			c, err = otlploggrpc.New(ctx, options...)
			return err
		}
		options := []otlploghttp.Option{
			otlploghttp.WithEndpointURL(s.signal("logs")), otlploghttp.WithRetry(otlploghttp.RetryConfig{}),
		}
		if s.gzip {
			options = append(options, otlploghttp.WithCompression(otlploghttp.GzipCompression))
		}
		c, err = otlploghttp.New(ctx, options...)
		return err
	})
	return c, err
}

// newMetricClient makes what sends counters. What is lost of them comes with the
// next.
func (s Settings) newMetricClient(ctx context.Context) (c sdkmetric.Exporter, err error) {
	err = watchingErrors(func() (err error) {
		if s.Protocol == GRPC {
			options := []otlpmetricgrpc.Option{otlpmetricgrpc.WithEndpointURL(s.Endpoint.String())}
			if s.gzip {
				options = append(options, otlpmetricgrpc.WithCompressor("gzip"))
			}
			c, err = otlpmetricgrpc.New(ctx, options...)
			return err
		}
		options := []otlpmetrichttp.Option{otlpmetrichttp.WithEndpointURL(s.signal("metrics"))}
		if s.gzip {
			options = append(options, otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
		}
		c, err = otlpmetrichttp.New(ctx, options...)
		return err
	})
	return c, err
}

// signal is the URL of a signal, as OTEL_EXPORTER_OTLP_ENDPOINT has it.
func (s Settings) signal(name string) string { return s.Endpoint.JoinPath("v1", name).String() }

// watching keeps the library's one place for errors from two at once.
var watching sync.Mutex

// watchingErrors returns what do returns, or what the library says meanwhile: it
// goes on without a certificate that cannot be read, and tells nobody but its
// error handler.
func watchingErrors(do func() error) error {
	watching.Lock()
	defer watching.Unlock()
	// The library's own log would be lines of another form on standard error.
	otel.SetLogger(logr.Discard())
	var said []error
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { said = append(said, err) }))
	err := do()
	// The sender learns of what goes wrong later.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	if err := errors.Join(append(said, err)...); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}
