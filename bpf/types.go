package bpf

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// Types are the kernel's types (BTF), by which every program is fitted to the
// kernel that it is loaded into. To read them takes longer than to load most
// programs, so whoever loads several reads them once.
type Types struct{ cache *btf.Cache }

// ReadTypes begins to read them, while the caller does something else. What it
// opens is closed on exec.
func ReadTypes() *Types {
	t := &Types{btf.NewCache()}
	go func() {
		// Whoever needs them gets the error.
		_, _ = t.cache.Kernel()
	}()
	return t
}

// Options make a collection load by what was read. They leave out the types of
// modules, of which there may be hundreds: no program here needs one.
func (t *Types) Options() (*ebpf.CollectionOptions, error) {
	kernel, err := t.cache.Kernel()
	if err != nil {
		return nil, fmt.Errorf("read kernel types: %w", err)
	}
	return &ebpf.CollectionOptions{Programs: ebpf.ProgramOptions{KernelTypes: kernel}, Cache: t.cache}, nil
}

// Load loads a collection, as ebpf.NewCollection does.
func (t *Types) Load(spec *ebpf.CollectionSpec) (*ebpf.Collection, error) {
	options, err := t.Options()
	if err != nil {
		return nil, err
	}
	return ebpf.NewCollectionWithOptions(spec, *options)
}

// UsesTaskStorage says whether the programs keep threads in task storage: see
// in_task_storage() in thread.h. To try and make such a map would take 30 ms: the
// kernel waits until nobody can use it any more.
func (t *Types) UsesTaskStorage() (bool, error) {
	kernel, err := t.cache.Kernel()
	if err != nil {
		return false, fmt.Errorf("read kernel types: %w", err)
	}
	var helpers *btf.Enum
	if err := kernel.TypeByName("bpf_func_id", &helpers); err != nil {
		return false, fmt.Errorf("look for task storage: %w", err)
	}
	return slices.ContainsFunc(helpers.Values, func(v btf.EnumValue) bool { return v.Name == "BPF_FUNC_cgrp_storage_get" }), nil
}
