package main

// manual is what a page says besides what the flag library keeps. In all of it
// a line end means nothing.
type manual struct {
	exits       []item
	files       []item
	environment []item
	examples    []item   // what it is for, and the lines that one types
	seeAlso     []string // besides capmon's own pages
}

// manualOf has the manual of capmon or of a subcommand, and says whether that
// gets a page of its own.
func manualOf(name string) (manual, bool) {
	switch name {
	case "capmon":
		return traceManual(), true
	case "discover":
		return discoverManual(), true
	case "monitor":
		return monitorManual(), true
	case "doctor":
		return doctorManual(), true
	case "completion":
		return completionManual(), false
	}
	return manual{}, false
}

// traceDescription is what `capmon '<cmd>'` does.
const traceDescription = `
Runs the command, and says at its end which capabilities the kernel checked for
it: one list for each name of a process, with [FAIL] if the capability was
refused to any process of that name, and [PASS] otherwise. By default these are
the checks that the kernel itself would log, against the initial user namespace;
-a shows all.

A command in one argument is run by /bin/sh -c; several arguments after -- are
run as they are. It runs as the caller, with the caller's capabilities. Under
sudo it runs as the user who called sudo, unless --keep-privileges says
otherwise; --user and --caps choose another user and a grant by hand, for root
only. Options may stand before or behind the command. To trace a command that
has the name of one of capmon's own, put -- before it.

The terminal, standard input and job control are the command's. So is Ctrl-C;
SIGTERM to capmon ends the command with all its processes, and capmon still
reports. A process that outlives the command is named; --wait follows it to its
end.

Results go to standard output, everything else to standard error.`

func traceManual() manual {
	return manual{
		exits: []item{
			{"N", "the command's own exit status, as with env(1)"},
			{"2", "wrong usage of capmon"},
			{"125", "capmon failed"},
			{"126", "the command cannot be executed"},
			{"127", "the command was not found"},
			{"128+N", "the command was ended by signal N"},
		},
		environment: []item{noColor()},
		examples: []item{
			{"Why is it not permitted?", "capmon --user nobody 'ip link set lo up'"},
			{"Is this one capability enough?", "capmon --user nobody --caps cap_net_admin -- ip link set lo up"},
			{"Who asked for what, where in the kernel, as whose child?", "capmon -vv ./install.sh\ncapmon --tree ./install.sh"},
			{"A daemon, for its first ten seconds", "capmon --wait=10s -o report 'service cron start'"},
		},
		seeAlso: []string{"capabilities(7)", "getpcaps(8)", "setcap(8)", "strace(1)"},
	}
}

func discoverManual() manual {
	return manual{
		exits: []item{
			{"0", "found, and proven: without any one of the capabilities the command was seen to fail"},
			{"1", "no set of capabilities makes the command succeed"},
			{"2", "wrong usage"},
			{"3", "found, but not proven"},
			{"125", "capmon failed"},
			{"128+N", "ended by signal N"},
		},
		files: []item{
			{"$XDG_STATE_HOME/capmon/last.json", "the last discovery, which --emit and --json print again when no command is given"},
		},
		environment: []item{
			{"XDG_STATE_HOME", "where the last discovery is kept (default: ~/.local/state). Under sudo it is kept for the user who called sudo, in that user's ~/.local/state"},
			noColor(),
		},
		examples: []item{
			{"What does the command need?", "capmon discover --user nobody 'chroot / true'"},
			{"A command that does not succeed twice", "capmon discover --user nobody --cleanup 'rm -rf /srv/new' 'mkdir /srv/new'"},
			{"What was found, as a systemd drop-in and as a setcap line", "capmon discover --emit systemd -o 50-capmon.conf\ncapmon discover --emit setcap"},
			{"For a program", "capmon discover --json -- /usr/sbin/chroot / true"},
		},
		seeAlso: []string{"capabilities(7)", "setcap(8)", "systemd.exec(5)", "getpcaps(8)", "strace(1)"},
	}
}

func monitorManual() manual {
	return manual{
		exits: []item{
			{"0", "ended by Ctrl-C, SIGTERM or --for"},
			{"2", "wrong usage"},
			{"125", "capmon failed"},
		},
		environment: []item{noColor()},
		examples: []item{
			{"What is refused on this machine, until Ctrl-C", "capmon monitor --fail"},
			{"One service and all its processes", "capmon monitor --cgroup /sys/fs/cgroup/system.slice/cron.service"},
			{"Who used CAP_SYS_ADMIN or CAP_NET_ADMIN in a minute, by process id", "capmon monitor -c sys_admin,net_admin --for 1m -s pid"},
			{"Shells that ran into a refusal", "capmon monitor --fail '^(ba|da|z)?sh$'"},
		},
		seeAlso: []string{"capabilities(7)", "cgroups(7)", "getpcaps(8)", "strace(1)"},
	}
}

func doctorManual() manual {
	return manual{
		seeAlso: []string{"capabilities(7)", "kernel_lockdown(7)"},
	}
}

func noColor() item {
	return item{"NO_COLOR", "if set, the output has no colours; a pipe and a file have none in any case"}
}
