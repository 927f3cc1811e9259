#compdef capmon
# zsh completion for capmon(1), printed by `capmon completion zsh`.

_capmon() {
	local line directive arg ret=1
	local -a reply candidates
	reply=("${(@f)$(command ${(Q)words[1]} __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
	directive=${reply[1]%% *} arg=${reply[1]#* }
	for line in "${(@)reply[2,-1]}"; do
		candidates+=("${${${line//\\/\\\\}//:/\\:}/$'\t'/:}")
	done
	case $directive in
	files | directories)
		[[ -z $arg ]] || compset -P "${(b)arg}"
		if [[ $directive == files ]]; then _files; else _files -/; fi
		return
		;;
	nospace) _describe -V capmon candidates -S '' -q && ret=0 ;;
	*) _describe -V capmon candidates && ret=0 ;;
	esac
	if [[ $directive == command ]]; then
		# The command that capmon is to run becomes the line.
		shift $arg words
		((CURRENT -= arg))
		_normal && ret=0
	fi
	return ret
}

# It works where it is sourced, and as a function that zsh loads from its path.
if [[ $funcstack[1] == _capmon ]]; then
	_capmon "$@"
else
	compdef _capmon capmon
fi
