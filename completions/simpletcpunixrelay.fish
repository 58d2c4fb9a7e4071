# Completion of simpletcpunixrelay(8) for fish.
# Not here: what the options mean.  tests/packaging/completion_test.sh compares
# their names with those of --help.

# The value of the option that is being typed.
function __simpletcpunixrelay_value
    commandline --current-token --cut-at-cursor | string replace --regex -- '^(--[a-z-]+=|-[a-zA-Z])' ''
end

# USER[:GROUP]
function __simpletcpunixrelay_owners
    set -l value (__simpletcpunixrelay_value)
    if string match --quiet '*:*' -- $value
        set -l user (string split --max 1 : -- $value)[1]
        __fish_complete_groups | string replace --regex '^' "$user:"
    else
        __fish_complete_users
    end
end

function __simpletcpunixrelay_times
    set -l number (__simpletcpunixrelay_value | string match --regex '^[0-9]+')
    if test -n "$number"
        printf '%s\n' $number{ms,s,min,h,d}
    else
        echo infinity
    end
end

complete -c simpletcpunixrelay -s b -l backlog -x -d 'listen backlog'
complete -c simpletcpunixrelay -s c -l connections-max -x -d 'close connections above this number'
complete -c simpletcpunixrelay -s d -l daemonize -d 'go on in the background'
complete -c simpletcpunixrelay -l drain-time -x -a '(__simpletcpunixrelay_times)' -d 'how long connections go on after SIGTERM'
complete -c simpletcpunixrelay -l exit-idle-time -x -a '(__simpletcpunixrelay_times)' -d 'exit when there was no connection so long'
complete -c simpletcpunixrelay -s h -l help -d 'show help'
complete -c simpletcpunixrelay -s i -l idle-timeout -x -a '(__simpletcpunixrelay_times)' -d 'end connections on which nothing moves'
complete -c simpletcpunixrelay -l inetd -d 'the listening socket is descriptor 0'
complete -c simpletcpunixrelay -s j -l workers -x -a auto -d 'threads that share connections'
complete -c simpletcpunixrelay -s m -l mode -x -a '600 660 666' -d 'permission bits of the Unix socket'
complete -c simpletcpunixrelay -s o -l owner -x -a '(__simpletcpunixrelay_owners)' -d 'owner of the Unix socket'
complete -c simpletcpunixrelay -s p -l pidfile -r -F -d 'write the process id there'
complete -c simpletcpunixrelay -l proxy-protocol -x -a 'v1 v2' -d 'tell the target its client'
complete -c simpletcpunixrelay -s q -l quiet -d 'log errors only'
complete -c simpletcpunixrelay -l sandbox -x -a 'auto require off' -d 'lock the process in'
complete -c simpletcpunixrelay -s t -l connect-timeout -x -a '(__simpletcpunixrelay_times)' -d 'for all addresses of the target'
complete -c simpletcpunixrelay -s u -l user -x -a '(__simpletcpunixrelay_owners)' -d 'become this user after set-up'
complete -c simpletcpunixrelay -s V -l version -d 'show the version'
complete -c simpletcpunixrelay -s v -l verbose -d 'log a line for each connection'
complete -c simpletcpunixrelay -s w -l wait -x -a '(__simpletcpunixrelay_times)' -d 'keep retrying the target'
