package backend

import (
	"strings"
	"testing"
)

func TestSymbolNames(t *testing.T) {
	var s kallsyms
	for _, line := range []string{
		"ffffffff81000100 T first", "ffffffff81000200 t second.isra.0", "ffffffff81000180 D data",
		"ffffffff81000300 W third\t[module]", "0000000000000000 T hidden", "nonsense", "", "x T y",
	} {
		s.addLine([]byte(line))
	}
	for address, want := range map[uint64]string{
		0xffffffff810000ff: "", 0xffffffff81000100: "first", 0xffffffff810001ff: "first",
		0xffffffff81000200: "second", 0xffffffff81000333: "third",
	} {
		if got := s.name(address); got != want {
			t.Errorf("%#x: %q, want %q", address, got, want)
		}
	}
}

func TestModulesAreKnownByNameAndPlace(t *testing.T) {
	const list = "tun 61440 0 - Live 0xffffffffc0a00000\nveth 40960 2 tun, Live 0xffffffffc0b00000 (OE)\n"
	used := strings.ReplaceAll(list, "61440 0 -", "61440 1 other,")
	moved := strings.ReplaceAll(list, "c0a0", "c0c0")
	if modulesIn(list) != modulesIn(used) {
		t.Error("a module that is used more is another")
	}
	if modulesIn(list) == modulesIn(moved) || modulesIn(list) == modulesIn("") {
		t.Error("a module elsewhere is the same")
	}
}
