# bash completion for capmon(1), printed by `capmon completion bash`.

_capmon() {
	local i word reply directive arg lines line given
	local words=() origin=() breaks=${COMP_WORDBREAKS//[!=:]/}
	COMPREPLY=()
	# Put together again what bash splits at "=" and ":".
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i > 1)) && [[ $word == [=:]* || ($word && ${words[-1]} == *[=:]) ]]; then
			words[-1]+=$word
		else
			words+=("$word") origin+=("$i")
		fi
	done
	word=${words[-1]}
	mapfile -t reply < <(command "${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	read -r directive arg <<<"${reply[0]-}"
	lines=("${reply[@]:1}")
	lines=("${lines[@]%%$'\t'*}")
	case $directive in
	nospace) compopt -o nospace ;;
	files | directories)
		compopt -o filenames
		mapfile -t lines < <(compgen -"${directive:0:1}" -P "$arg" -- "${word#"$arg"}")
		;;
	esac
	# What bash has split off the word is not to be repeated.
	[[ $breaks && $word == *["$breaks"]* ]] && given=${word%"${word##*["$breaks"]}"}
	for line in "${lines[@]}"; do
		[[ $line ]] && COMPREPLY+=("${line#"$given"}")
	done
	[[ $directive == command ]] && _capmon_command "${origin[arg]-$COMP_CWORD}"
}

# _capmon_command completes the command that begins with that word as its own
# completion does, where bash-completion is there to find that.
_capmon_command() {
	local own=("${COMPREPLY[@]}") cur=${COMP_WORDS[COMP_CWORD]} names=()
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	else
		compopt -o filenames
		if (($1 == COMP_CWORD)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
	fi
	COMPREPLY=("${own[@]}" "${COMPREPLY[@]}")
}

complete -F _capmon capmon
