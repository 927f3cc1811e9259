package monitorexport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// outcome is what became of a batch.
type outcome struct {
	// again: the collector did not take it, and may do so later.
	again bool
	// rejected is how many records the collector will never take, -1 for all.
	rejected int64
	// why is what went wrong, "" for nothing.
	why string
}

// rejectedRecords is how the exporters say that a collector took a part only
// (internal/partialsuccess.go). Their type cannot be named.
var rejectedRecords = regexp.MustCompile(`OTLP partial success: .*\((\d+) logs rejected\)`)

// outcomeOf tells what may be tried again (opentelemetry.io/docs/specs/otlp,
// "Failures") from what may not.
func outcomeOf(err error) outcome {
	if err == nil {
		return outcome{}
	}
	if m := rejectedRecords.FindStringSubmatch(err.Error()); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || n == 0 {
			return outcome{} // a warning
		}
		return outcome{rejected: n, why: "the collector rejects some of the records"}
	}
	var (
		unreached *url.Error
		network   net.Error
	)
	code := codes.OK
	if s, ok := status.FromError(err); ok {
		code = s.Code()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.As(err, &unreached), errors.As(err, &network),
		// What HTTP's exporter calls an answer that asks for another try.
		strings.Contains(err.Error(), "retry-able request failure"):
		return outcome{again: true, why: reason(err)}
	}
	switch code {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss, codes.ResourceExhausted:
		return outcome{again: true, why: reason(err)}
	}
	return outcome{rejected: -1, why: reason(err)}
}

// reason is the cause in a few words.
func reason(err error) string {
	var (
		unknown   x509.UnknownAuthorityError
		wrongName x509.HostnameError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		return "its certificate is of an unknown authority: name that in OTEL_EXPORTER_OTLP_CERTIFICATE"
	case errors.As(err, &wrongName):
		return "its certificate is for another host"
	case errors.As(err, &record):
		return "it does not speak TLS: use http://"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	words := err.Error()
	switch {
	case strings.Contains(words, "malformed HTTP response"), strings.Contains(words, "malformed HTTP version"),
		// A server of gRPC may speak before it is asked (RFC 9113, section 3.4).
		strings.Contains(words, "readLoopPeekFailLocked"):
		return "it does not speak HTTP: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc if it speaks gRPC"
	case strings.Contains(words, "error reading server preface"), strings.Contains(words, "unexpected HTTP status code received from server"):
		return "it does not speak gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf if it speaks HTTP"
	}
	if s, ok := status.FromError(err); ok && s.Code() != codes.OK {
		words = s.Message()
		if s.Code() == codes.DeadlineExceeded {
			return "no answer in time"
		}
		// What grpc says of a connection, around what went wrong.
		if i := strings.LastIndex(words, `desc = "`); i >= 0 {
			words = strings.TrimSuffix(words[i+len(`desc = "`):], `"`)
		}
	}
	var dial *net.OpError
	if errors.As(err, &dial) {
		words = dial.Error()
	}
	for _, prefix := range []string{"retry-able request failure: ", "transport: Error while dialing: "} {
		words = strings.TrimPrefix(words, prefix)
	}
	return strings.TrimSpace(strings.ReplaceAll(words, "\n", " "))
}
