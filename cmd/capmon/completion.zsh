#compdef capmon
# zsh completion for capmon(1), printed by `capmon completion zsh`.

_capmon() {
	local context state state_descr line curcontext=$curcontext REPLY
	local capmon_second=$((CURRENT == 2)) capmon_rest='*::command:_capmon_command_line'
	typeset -A opt_args
	# Options are capmon's behind the command too, unless there is a "--".
	if [[ $PREFIX == -* ]] && ((${words[(ie)--]} >= CURRENT)); then
		capmon_rest='*: : '
	fi
	if ((CURRENT > 2)) && _capmon_command "$words[2]"; then
		# The subcommand becomes the command that is completed.
		words[1,2]=("capmon-$REPLY")
		((CURRENT--))
		curcontext="${curcontext%:*}-$REPLY:"
		_capmon_arguments_$REPLY
		return
	fi
	_capmon_arguments
}

# _capmon_command_line completes the command that capmon is to run, and in its
# place the name of one of capmon's own.
_capmon_command_line() {
	local ret=1
	# _arguments leaves a "--" that comes first.
	if [[ $words[1] == -- ]] && ((CURRENT > 1)); then
		shift words
		((CURRENT--))
	fi
	if ((CURRENT == 1 && capmon_second)); then
		_describe -t commands 'capmon command' _capmon_commands && ret=0
		# All commands there are would drown capmon's own.
		[[ -n $PREFIX$SUFFIX ]] || return ret
	fi
	_normal && ret=0
	return ret
}

# _capmon_capability completes names in the case in which they were begun, and
# without CAP_ if that is how.
_capmon_capability() {
	local -a names=($_capmon_capabilities)
	local expl
	compset -P '*,'
	[[ $PREFIX != *[A-Z]* ]] || names=(${(U)names})
	_wanted capabilities expl capability compadd -q -S , -a names && return
	names=(${names#(cap|CAP)_})
	_wanted capabilities expl capability compadd -q -S , -a names
}

# _capmon_list CHOICE... completes some of them with commas between.
_capmon_list() {
	local expl
	compset -P '*,'
	_wanted values expl value compadd -q -S , -- "$@"
}

_capmon_user_group() {
	if compset -P '*:'; then
		_groups
	else
		_users
	fi
}

_capmon_pid() {
	local expl
	_wanted processes expl 'process id' compadd -- /proc/<->(N:t)
}

_capmon_cgroup() {
	local expl
	if [[ -z $PREFIX ]]; then
		_wanted directories expl cgroup compadd -S '' -- /sys/fs/cgroup/
	else
		_files -/
	fi
}

# _capmon_process completes the names of processes that can stand unquoted in a
# regular expression.
_capmon_process() {
	local expl
	local -a names=(${(fu)"$(sort -u /proc/<->/comm 2>/dev/null)"})
	names=(${(M)names:#[A-Za-z0-9_-]##})
	_wanted processes expl 'name of a process' compadd -a names
}

# What follows is made of capmon's own tables of options.
