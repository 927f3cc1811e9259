# fish completion for capmon(1), printed by `capmon completion fish`.

function __capmon_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l reply (command $words[1] __complete $words[2..] "$word" 2>/dev/null)
    set -l directive (string split -m 1 ' ' -- $reply[1])
    set -e reply[1]
    set -q reply[1]; and printf '%s\n' $reply
    switch "$directive[1]"
        case files directories
            set -l rest (string replace -- "$directive[2]" '' "$word")
            set -l complete __fish_complete_path
            test $directive[1] = directories; and set complete __fish_complete_directories
            for name in ($complete "$rest" '')
                echo "$directive[2]$name"
            end
        case command
            # Word 0 is capmon, where fish counts from 1.
            set -l line $words[(math $directive[2] + 1)..]
            complete -C (string join ' ' -- (string escape -- $line) "$word")
    end
end

complete -c capmon -f -k -a '(__capmon_complete)'
