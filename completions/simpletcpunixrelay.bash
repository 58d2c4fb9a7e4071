# Completion of simpletcpunixrelay(8) for bash; works without the package
# bash-completion.
# Not here: what the options mean.  tests/packaging/completion_test.sh compares
# their names with those of --help.

# _simpletcpunixrelay_reply BEFORE WORD ARGUMENT...: what compgen finds for WORD
# is put after BEFORE.  Bash replaces only what stands after the last of the
# characters that it takes words apart at.
_simpletcpunixrelay_reply()
{
	local typed=$1$2 breaks=${COMP_WORDBREAKS//[!:=]/} kept="" i
	[[ -z $breaks ]] || kept=${typed%"${typed##*["$breaks"]}"}
	mapfile -t COMPREPLY < <(compgen "${@:3}" -- "$2")
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=$1${COMPREPLY[i]}
		COMPREPLY[i]=${COMPREPLY[i]#"$kept"}
	done
}

_simpletcpunixrelay_files()
{
	compopt -o filenames 2>/dev/null
	_simpletcpunixrelay_reply "$1" "$2" -f
}

# USER[:GROUP]
_simpletcpunixrelay_owner()
{
	case $2 in
	*:*) _simpletcpunixrelay_reply "$1${2%%:*}:" "${2#*:}" -g ;;
	*) _simpletcpunixrelay_reply "$1" "$2" -u ;;
	esac
}

# A number and its unit, or infinity.
_simpletcpunixrelay_time()
{
	local number=${2%%[!0-9]*}
	if [[ -n $number ]]; then
		_simpletcpunixrelay_reply "$1" "$2" \
		    -W "${number}ms ${number}s ${number}min ${number}h ${number}d"
	else
		_simpletcpunixrelay_reply "$1" "$2" -W infinity
	fi
}

# _simpletcpunixrelay_value OPTION BEFORE WORD: fails if the option takes none.
_simpletcpunixrelay_value()
{
	case $1 in
	-b | --backlog | -c | --connections-max) COMPREPLY=() ;;
	-m | --mode) _simpletcpunixrelay_reply "$2" "$3" -W "600 660 666" ;;
	-o | --owner | -u | --user) _simpletcpunixrelay_owner "$2" "$3" ;;
	-j | --workers) _simpletcpunixrelay_reply "$2" "$3" -W auto ;;
	-p | --pidfile) _simpletcpunixrelay_files "$2" "$3" ;;
	-t | --connect-timeout | -w | --wait | -i | --idle-timeout | \
	    --drain-time | --exit-idle-time)
		_simpletcpunixrelay_time "$2" "$3"
		;;
	--sandbox)
		_simpletcpunixrelay_reply "$2" "$3" -W "auto require off"
		;;
	--proxy-protocol) _simpletcpunixrelay_reply "$2" "$3" -W "v1 v2" ;;
	*) return 1 ;;
	esac
}

_simpletcpunixrelay()
{
	local i words=("") options="-b --backlog -c --connections-max
	    -d --daemonize --drain-time --exit-idle-time -h --help
	    -i --idle-timeout --inetd -j --workers -m --mode -o --owner
	    -p --pidfile --proxy-protocol -q --quiet --sandbox
	    -t --connect-timeout -u --user -V --version -v --verbose
	    -w --wait"

	# Put together again what bash took apart at = and :.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		case ${COMP_WORDS[i - 1]}/${COMP_WORDS[i]} in
		[=:]* | */[=:]*) words[-1]+=${COMP_WORDS[i]} ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
	local word=${words[-1]} previous=""
	[[ ${#words[@]} -lt 2 ]] || previous=${words[-2]}

	COMPREPLY=()
	case $word in
	--*=*) _simpletcpunixrelay_value "${word%%=*}" "${word%%=*}=" \
	    "${word#*=}" ;;
	*)
		! _simpletcpunixrelay_value "$previous" "" "$word" || return 0
		case $word in
		-*) _simpletcpunixrelay_reply "" "$word" -W "$options" ;;
		unix:*) _simpletcpunixrelay_files unix: "${word#unix:}" ;;
		*) _simpletcpunixrelay_files "" "$word" ;;
		esac
		;;
	esac
	return 0
}

complete -F _simpletcpunixrelay simpletcpunixrelay
