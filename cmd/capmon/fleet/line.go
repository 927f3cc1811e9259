package fleet

import (
	"encoding/json"
	"time"

	"github.com/capmon/capmon/cmd/capmon/otelnames"
)

// line is what one line of OTLP's JSON has that matters here: the collector
// writes a request a line (opentelemetry.io/docs/specs/otel/protocol/file-exporter).
// Spans and metrics are passed over.
type line struct {
	ResourceLogs []struct {
		Resource struct {
			Attributes attributes `json:"attributes"`
		} `json:"resource"`
		ScopeLogs []struct {
			Scope struct {
				Name string `json:"name"`
			} `json:"scope"`
			LogRecords []record `json:"logRecords"`
		} `json:"scopeLogs"`
	} `json:"resourceLogs"`
	ResourceMetrics []struct{} `json:"resourceMetrics"`
	ResourceSpans   []struct{} `json:"resourceSpans"`
}

// isOTLP says whether it is a request of any kind.
func (l line) isOTLP() bool {
	return l.ResourceLogs != nil || l.ResourceMetrics != nil || l.ResourceSpans != nil
}

type record struct {
	Time       integer    `json:"timeUnixNano"`
	EventName  string     `json:"eventName"`
	Attributes attributes `json:"attributes"`
}

func (r record) time() time.Time { return time.Unix(0, number(r.Time)) }

// attributes are keys and values, as OTLP has them. There are few, and looking
// through them is faster than a map.
type attributes []struct {
	Key   string `json:"key"`
	Value value  `json:"value"`
}

// value is an AnyValue of OTLP. What is none of these is zero.
type value struct {
	String string  `json:"stringValue"`
	Int    integer `json:"intValue"`
	Bool   *bool   `json:"boolValue"`
	Array  struct {
		Values []struct {
			String string `json:"stringValue"`
		} `json:"values"`
	} `json:"arrayValue"`
}

func (a attributes) get(name string) value {
	for i := range a {
		if a[i].Key == name {
			return a[i].Value
		}
	}
	return value{}
}

func (a attributes) text(name string) string { return a.get(name).String }

// count is a number that cannot be less than nothing.
func (a attributes) count(name string) uint64 { return uint64(max(number(a.get(name).Int), 0)) }

// isFalse says whether it is there and false.
func (a attributes) isFalse(name string) bool {
	truth := a.get(name).Bool
	return truth != nil && !*truth
}

// image is the container's image with its tag, as far as it is known.
func (a attributes) image() string {
	name, tag := a.text(otelnames.ImageName), a.text(otelnames.ImageTag)
	if tags := a.get(otelnames.ImageTags).Array.Values; len(tags) > 0 {
		tag = tags[0].String
	}
	if name != "" && tag != "" {
		return name + ":" + tag
	}
	return name
}

// host is what tells machines apart: names may be the same, and not every
// machine has an id.
func (a attributes) host() string {
	name := a.text(otelnames.NodeName)
	if name == "" {
		name = a.text(otelnames.HostName)
	}
	return name + "\x00" + a.text(otelnames.HostID)
}

// integer is a whole number, with or without the quotes in which the JSON of
// protobuf has it.
type integer = json.Number

// number is 0 for what is no whole number of 64 bits.
func number(i integer) int64 {
	n, err := i.Int64()
	if err != nil {
		return 0
	}
	return n
}
