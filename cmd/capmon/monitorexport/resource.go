package monitorexport

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/cmd/capmon/otelnames"
)

// hostResource is what is exported of the machine, with the attributes that
// OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME add or change.
func hostResource(ctx context.Context, c Config, instance string) (*resource.Resource, error) {
	host, err := resource.New(ctx,
		resource.WithHost(),
		resource.WithOSType(),
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String(otelnames.ServiceName, otelnames.Service),
			attribute.String(otelnames.Version, c.Version),
			attribute.String(otelnames.Instance, instance),
		),
		resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if c.Host != "" {
		return resource.Merge(host, resource.NewSchemaless(attribute.String(otelnames.HostName, c.Host)))
	}
	// A container often has no machine-id(5).
	if id, err := resource.New(ctx, resource.WithHostID()); err == nil {
		if merged, err := resource.Merge(id, host); err == nil {
			host = merged
		}
	}
	return host, nil
}

// resourceOf is the machine's with what is known of the owner.
func resourceOf(host *resource.Resource, o cgroup.Owner) *resource.Resource {
	attributes := ownerAttributes(o)
	if len(attributes) == 0 {
		return host
	}
	merged, err := resource.Merge(host, resource.NewSchemaless(attributes...))
	if err != nil {
		return host // cannot be: only two schemas could conflict
	}
	return merged
}

func ownerAttributes(o cgroup.Owner) []attribute.KeyValue {
	var list []attribute.KeyValue
	for _, a := range []struct{ name, value string }{
		{otelnames.Unit, o.Unit}, {otelnames.ContainerID, o.Container}, {otelnames.PodUID, o.Pod},
	} {
		if a.value != "" {
			list = append(list, attribute.String(a.name, a.value))
		}
	}
	return list
}
