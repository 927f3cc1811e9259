package emit

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// interpreter says in words what an executable is if it runs whatever it is
// told to, so that capabilities set on the file would serve any user for any
// purpose. It returns "" for all others. Only the name of the file can be
// judged here: the report may be read on another machine.
func interpreter(path string) string {
	name := filepath.Base(path)
	if regexp.MustCompile(`^ld(-linux.*|-musl.*|64)?\.so(\.\d+)*$|^ld-\d.*\.so$`).MatchString(name) {
		return "the dynamic loader"
	}
	if strings.HasPrefix(name, "qemu-") && strings.HasSuffix(name, "-static") {
		return "an emulator"
	}
	stem := stem(name)
	for kind, names := range runners() {
		if slices.Contains(names, name) || slices.Contains(names, stem) {
			return kind
		}
	}
	return ""
}

// stem is the name without what versions and flavours add to it: python of
// python3.11-dbg, lua of lua5.4, bash of bash-static, ksh of ksh93.
func stem(name string) string {
	name = strings.ToLower(name)
	if i := strings.IndexAny(name, "0123456789."); i > 0 {
		name = name[:i]
	}
	return strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(name, "-static"), "-dbg"), "-_")
}

// runners lists the executables by kind. No name stands in two kinds.
func runners() map[string][]string {
	return map[string][]string{
		"a shell": {
			"sh", "ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "lksh", "loksh", "mksh", "mrsh", "nu", "oksh",
			"osh", "pdksh", "posh", "pwsh", "rbash", "rksh", "rzsh", "sash", "tcsh", "xonsh", "yash", "zsh",
		},
		"an interpreter": {
			"awk", "bun", "deno", "elixir", "emacs", "erl", "beam.smp", "expect", "gawk", "gdb", "gjs", "groovy", "guile",
			"irb", "java", "julia", "lua", "luajit", "mawk", "mono", "dotnet", "nawk", "node", "nodejs", "octave-cli",
			"original-awk", "perl", "php", "pypy", "python", "qjs", "r", "racket", "raku", "ruby", "jruby", "rscript",
			"php-cgi", "php-fpm", "ocaml", "sbcl", "swipl", "tclsh", "wine", "wish",
		},
		"a multi-call binary":         {"busybox", "coreutils", "toybox", "uutils"},
		"a starter of other programs": {"env", "nohup", "stdbuf", "time", "watch", "xargs"},
	}
}
