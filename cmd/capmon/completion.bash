# bash completion for capmon(1), printed by `capmon completion bash`.

_capmon() {
	local cur=${COMP_WORDS[COMP_CWORD]} command='' value='' choices='' last i=1
	local first=-1 dashes='' words origin
	COMPREPLY=()
	_capmon_words
	last=$((${#words[@]} - 1))
	cur=${words[last]}
	if ((last > 1)) && _capmon_command "${words[1]}"; then
		i=2
	fi
	for ((; i < last; i++)); do
		case ${words[i]} in
		--)
			dashes=1
			((first < 0)) && first=$((i + 1))
			break
			;;
		-*=*) ;;
		-?*)
			_capmon_value "$command" "${words[i]}" && ((i++))
			;;
		*)
			((first < 0)) && first=$i
			;;
		esac
	done
	if ((i > last)) && [[ ! $dashes ]]; then
		_capmon_complete '' "$cur"
	elif [[ $cur == -*=* && ! $dashes ]]; then
		_capmon_value "$command" "${cur%%=*}" =
		_capmon_complete "${cur%%=*}=" "${cur#*=}"
	elif [[ $cur == -* && ! $dashes ]]; then
		_capmon_reply '' "$(compgen -W "$(_capmon_options "$command")" -- "$cur")"
	else
		((first < 0)) && first=$last
		_capmon_positional
	fi
}

# _capmon_words sets words to the command line up to the cursor, with what bash
# splits at "=" and ":" put together again, and origin to where in COMP_WORDS
# each begins.
_capmon_words() {
	local i word
	words=() origin=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i > 1)) && [[ $word == [=:]* || ($word && ${words[-1]} == *[=:]) ]]; then
			words[-1]+=$word
		else
			words+=("$word")
			origin+=("$i")
		fi
	done
}

# _capmon_positional completes a word that is neither an option nor its value.
_capmon_positional() {
	if [[ ! $command ]] && ((last == 1)); then
		_capmon_reply '' "$(compgen -W "$_capmon_commands" -- "$cur")"
		# All commands there are would drown capmon's own.
		[[ $cur ]] || return
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -c -- "$cur")
		return
	fi
	_capmon_positional_value "$command"
	if [[ $value == command ]]; then
		_capmon_command_line
	else
		_capmon_complete '' "$cur"
	fi
}

# _capmon_command_line completes the command that capmon is to run as its own
# completion does, where bash-completion is there to find that.
_capmon_command_line() {
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "${origin[first]}"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "${origin[first]}"
	elif ((first == last)); then
		compopt -o filenames
		_capmon_reply '' "$(compgen -c -- "$cur")"
	else
		compopt -o filenames
		_capmon_reply '' "$(compgen -f -- "$cur")"
	fi
}

# _capmon_complete PREFIX TEXT completes TEXT as $value behind PREFIX.
_capmon_complete() {
	local head=''
	case $value in
	choice) _capmon_reply "$1" "$(compgen -W "$choices" -- "$2")" ;;
	list | capabilities)
		[[ $2 == *,* ]] && head=${2%,*},
		if [[ $value == list ]]; then
			_capmon_reply "$1$head" "$(compgen -W "$choices" -- "${2##*,}")"
		else
			_capmon_reply "$1$head" "$(_capmon_names "${2##*,}")"
		fi
		compopt -o nospace
		;;
	file)
		compopt -o filenames
		_capmon_reply "$1" "$(compgen -f -- "$2")"
		;;
	directory | cgroup)
		compopt -o filenames
		[[ $value == cgroup && ! $2 ]] && set -- "$1" /sys/fs/cgroup/
		_capmon_reply "$1" "$(compgen -d -- "$2")"
		;;
	user) _capmon_reply "$1" "$(compgen -u -- "$2")" ;;
	user_group)
		if [[ $2 == *:* ]]; then
			_capmon_reply "$1${2%%:*}:" "$(compgen -g -- "${2#*:}")"
		else
			_capmon_reply "$1" "$(compgen -u -- "$2")"
		fi
		;;
	pid) _capmon_reply "$1" "$(compgen -W "$(cd /proc && echo [0-9]*)" -- "$2")" ;;
	process) _capmon_reply "$1" "$(compgen -W "$(_capmon_processes)" -- "$2")" ;;
	shell_command) _capmon_reply "$1" "$(compgen -c -- "$2")" ;;
	esac
}

# _capmon_names TEXT prints the names of capabilities that begin with TEXT: in
# its case, and without CAP_ if that is how it was begun.
_capmon_names() {
	local names=$_capmon_capabilities
	[[ $1 == *[A-Z]* ]] && names=${names^^}
	compgen -W "$names" -- "$1" && return
	names=${names//cap_/}
	compgen -W "${names//CAP_/}" -- "$1"
}

# _capmon_processes prints the names of processes that can stand unquoted in a
# regular expression.
_capmon_processes() {
	sort -u /proc/[0-9]*/comm 2>/dev/null | grep -E '^[A-Za-z0-9_-]+$'
}

# _capmon_reply PREFIX LINES replies with PREFIX before each line, less what
# bash has split off the word.
_capmon_reply() {
	local line split='' word=${words[last]} breaks=${COMP_WORDBREAKS//[!=:]/}
	[[ $breaks && $word == *["$breaks"]* ]] && split=${word%"${word##*["$breaks"]}"}
	[[ $2 ]] || return
	while IFS= read -r line; do
		line=$1$line
		COMPREPLY+=("${line#"$split"}")
	done <<<"$2"
}

complete -F _capmon capmon

# What follows is made of capmon's own tables of options.
