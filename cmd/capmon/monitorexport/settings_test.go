package monitorexport

import (
	"strings"
	"testing"
)

func TestReadSettings(t *testing.T) {
	tests := []struct {
		endpoint string
		env      []string
		url      string
		protocol Protocol
		err      string
	}{
		{endpoint: "http://localhost:4317", url: "http://localhost:4317", protocol: GRPC},
		{endpoint: "http://localhost:4318", url: "http://localhost:4318", protocol: HTTP},
		{endpoint: "https://collector.example", url: "https://collector.example:4318", protocol: HTTP},
		{endpoint: "https://collector.example/otlp", url: "https://collector.example:4318/otlp", protocol: HTTP},
		{endpoint: "http://[::1]:4317", url: "http://[::1]:4317", protocol: GRPC},
		{endpoint: "https://collector.example", env: []string{envProtocol, "grpc"}, url: "https://collector.example:4317", protocol: GRPC},
		{endpoint: "http://c:4317", env: []string{envProtocol, "http/protobuf"}, url: "http://c:4317", protocol: HTTP},
		{endpoint: "localhost:4317", err: "is not the URL of a collector: give one such as http://localhost:4317"},
		{endpoint: "", err: "is not the URL"},
		{endpoint: "http://", err: "is not the URL"},
		{endpoint: "http://a b", err: "is not the URL"},
		{endpoint: "ftp://c", err: "is not the URL"},
		{endpoint: "http://c:70000", err: "no port between 1 and 65535"},
		{endpoint: "http://me:secret@c", err: "credentials go into OTEL_EXPORTER_OTLP_HEADERS"},
		{endpoint: "http://c?x=1", err: "more than a host, a port and a path"},
		{endpoint: "http://c:4317/otlp", err: "has a path, but grpc takes none"},
		{endpoint: "http://c", env: []string{envProtocol, "http/json"}, err: `OTEL_EXPORTER_OTLP_PROTOCOL is "http/json": use grpc or http/protobuf`},
		{endpoint: "http://c", env: []string{envCompression, "zip"}, err: "use gzip or none"},
		{endpoint: "http://c", env: []string{envDelay, "soon"}, err: `OTEL_BLRP_SCHEDULE_DELAY is "soon": give a whole number`},
		{endpoint: "http://c", env: []string{envQueue, "0"}, err: "whole number of at least 1"},
		{endpoint: "http://c", env: []string{envHeaders, "secret"}, err: "OTEL_EXPORTER_OTLP_HEADERS is not a list"},
		{endpoint: "http://c", env: []string{envHeaders, "a=%zz"}, err: "OTEL_EXPORTER_OTLP_HEADERS is not a list"},
		{endpoint: "http://c", env: []string{envDisabled, "true"}, err: "OTEL_SDK_DISABLED is true"},
		{endpoint: "http://c", env: []string{envLogs, "none", envMetrics, "none"}, err: "nothing would be exported"},
	}
	for _, tt := range tests {
		t.Run(tt.endpoint+strings.Join(tt.env, " "), func(t *testing.T) {
			for i := 0; i < len(tt.env); i += 2 {
				t.Setenv(tt.env[i], tt.env[i+1])
			}
			s, err := ReadSettings(tt.endpoint)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || s.Endpoint.String() != tt.url || s.Protocol != tt.protocol {
				t.Errorf("%s by %s, %v; want %s by %s", s.Endpoint, s.Protocol, err, tt.url, tt.protocol)
			}
		})
	}
}
