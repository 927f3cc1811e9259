package backend

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// Entry is one entry of an eBPF map.
type Entry[K, V any] struct {
	Key   K
	Value V
}

// Take reads and removes the entries that are wanted.
func Take[K, V any](m *ebpf.Map, wanted func(K) bool) ([]Entry[K, V], error) {
	return TakeEnded(m, wanted, func(V) bool { return true })
}

// TakeEnded reads the entries that are wanted, and removes those that have
// ended.
func TakeEnded[K, V any](m *ebpf.Map, wanted func(K) bool, ended func(V) bool) ([]Entry[K, V], error) {
	var taken []Entry[K, V]
	var e Entry[K, V]
	entries := m.Iterate()
	for entries.Next(&e.Key, &e.Value) {
		if wanted(e.Key) {
			taken = append(taken, e)
		}
	}
	if err := entries.Err(); err != nil {
		return nil, fmt.Errorf("read eBPF map: %w", err)
	}
	for _, e := range taken {
		if !ended(e.Value) {
			continue
		}
		if err := m.Delete(&e.Key); err != nil && !IsMissing(err) {
			return nil, fmt.Errorf("clear eBPF map: %w", err)
		}
	}
	return taken, nil
}

// IsMissing says that a map has no such entry.
func IsMissing(err error) bool { return errors.Is(err, ebpf.ErrKeyNotExist) }
