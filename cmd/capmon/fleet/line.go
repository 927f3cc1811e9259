package fleet

import (
	"encoding/json"
	"fmt"
	"strconv"
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

func (r record) time() time.Time { return time.Unix(0, int64(r.Time)) }

// attributes are those that have one value, or several texts.
type attributes map[string]value

// value is an AnyValue of OTLP. What is none of these is zero.
type value struct {
	text   string
	number int64
	truth  *bool
	texts  []string
}

// UnmarshalJSON reads a list of keys and values.
func (a *attributes) UnmarshalJSON(data []byte) error {
	var list []struct {
		Key   string `json:"key"`
		Value struct {
			String string  `json:"stringValue"`
			Int    integer `json:"intValue"`
			Bool   *bool   `json:"boolValue"`
			Array  struct {
				Values []struct {
					String string `json:"stringValue"`
				} `json:"values"`
			} `json:"arrayValue"`
		} `json:"value"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*a = make(attributes, len(list))
	for _, kv := range list {
		v := value{text: kv.Value.String, number: int64(kv.Value.Int), truth: kv.Value.Bool}
		for _, one := range kv.Value.Array.Values {
			v.texts = append(v.texts, one.String)
		}
		(*a)[kv.Key] = v
	}
	return nil
}

func (a attributes) text(name string) string { return a[name].text }

// count is a number that cannot be less than nothing.
func (a attributes) count(name string) uint64 { return uint64(max(a[name].number, 0)) }

// isFalse says whether it is there and false.
func (a attributes) isFalse(name string) bool { return a[name].truth != nil && !*a[name].truth }

// image is the container's image with its tag, as far as it is known.
func (a attributes) image() string {
	name, tag := a.text(otelnames.ImageName), a.text(otelnames.ImageTag)
	if tags := a[otelnames.ImageTags].texts; len(tags) > 0 {
		tag = tags[0]
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

// integer is a whole number, which JSON of protobuf has in quotes.
type integer int64

// UnmarshalJSON reads it with or without quotes.
func (i *integer) UnmarshalJSON(data []byte) error {
	text := string(data)
	if n := len(text); n > 1 && text[0] == '"' && text[n-1] == '"' {
		text = text[1 : n-1]
	}
	if text == "null" || text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		u, unsigned := strconv.ParseUint(text, 10, 64)
		if unsigned != nil {
			return fmt.Errorf("%.20q is not a whole number", text)
		}
		n = int64(u)
	}
	*i = integer(n)
	return nil
}
