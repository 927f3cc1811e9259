# fish completion for capmon(1), printed by `capmon completion fish`.

# Which of capmon's commands the command line has: nothing for capmon itself.
function __capmon_command
    set -l words (commandline -opc)
    set -q words[2]; and __capmon_command_named $words[2]
end

function __capmon_is
    test "$(__capmon_command)" = "$argv[1]"
end

# The place for the name of one of capmon's commands.
function __capmon_is_second
    test (count (commandline -opc)) -eq 1
end

# The words of the command that capmon is to run, without the last.
function __capmon_words
    set -l words (commandline -opc)
    set -l command (__capmon_command)
    set -e words[1]
    test -n "$command"; and set -e words[1]
    set -l with_value (__capmon_options_with_value "$command")
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                break
            case '-?*'
                contains -- $words[1] $with_value; and set -e words[1]
                set -e words[1]
            case '*'
                break
        end
    end
    set -q words[1]; and printf '%s\n' $words
end

# What completes the command that capmon is to run.
function __capmon_command_line
    set -l words (__capmon_words)
    set -l word (commandline -ct)
    if set -q words[1]
        complete -C "$(string escape -- $words | string join ' ') $word"
    else if test -n "$word"
        # All commands there are would drown capmon's own.
        complete -C "$word"
    end
end

# The items of a list with commas, behind those that are given.
function __capmon_list
    set -l given (string match -r '^.*,' -- (string replace -r '^-[^=]*=' '' -- (commandline -ct)))
    for item in $argv
        echo "$given$item"
    end
end

function __capmon_capability
    set -l word (commandline -ct | string replace -r '^.*[,=]' '')
    set -l names (__capmon_capabilities)
    if string match -qr '[A-Z]' -- $word
        set names (string upper -- $names)
    end
    if test -n "$word"; and not string match -q -- "$word*" $names
        set names (string replace -ri '^cap_' '' -- $names)
    end
    __capmon_list $names
end

function __capmon_user_group
    set -l given (string match -r '^.*:' -- (string replace -r '^-[^=]*=' '' -- (commandline -ct)))
    if test -n "$given"
        for group in (__fish_complete_groups)
            echo "$given$group"
        end
    else
        __fish_complete_users
    end
end

function __capmon_cgroup
    set -l word (commandline -ct | string replace -r '^-[^=]*=' '')
    test -n "$word"; or set word /sys/fs/cgroup/
    __fish_complete_directories $word ''
end

# The names of processes that can stand unquoted in a regular expression.
function __capmon_process
    sort -u /proc/[0-9]*/comm 2>/dev/null | string match -r '^[A-Za-z0-9_-]+$'
end

# Nothing is a file unless it is said to be.
complete -c capmon -f

# What follows is made of capmon's own tables of options.
