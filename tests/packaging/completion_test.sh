#! /usr/bin/env atf-sh
# The option table, --help, the manual, the README and the completions of the
# shells know the same options and words.
# Not here: whether the manual tells the truth about them.

# SC2016: what is not for this shell.
# shellcheck disable=SC2016

top=$(cd "$(atf_get_srcdir)/../.." && pwd)
completions=$top/completions
bash=$completions/simpletcpunixrelay.bash
zsh=$completions/simpletcpunixrelay.zsh
fish=$completions/simpletcpunixrelay.fish

# pairs: of lines with options in any form, "-b --backlog" or "--inetd".
pairs()
{
	awk '
	{
		short = long = ""
		for (i = 1; i <= NF; i++)
			if ($i ~ /^-[A-Za-z]$/)
				short = $i " "
			else if ($i ~ /^--[a-z][a-z-]*$/)
				long = $i
		if (long != "")
			print short long
	}' | sort
}

# The letter of a long option, or the name of a constant.
in_table()
{
	sed -n 's/^	{ "\([a-z-]*\)", [a-z_]*argument, NULL, \(.*\) },$/\2 --\1/p' \
	    "$top/src/options.c" | tr -d "'" |
	    sed -e 's/^\([A-Za-z]\) /-\1 /' -e 's/^[A-Z_]* //' | pairs
}

in_help()
{
	"$top/simpletcpunixrelay" --help |
	    sed -n 's/^  \( *-\)/\1/p' | tr , ' ' | pairs
}

in_manual()
{
	sed -n 's/^\.It Fl /Fl /p' "$top/src/simpletcpunixrelay.8" |
	    sed 's/Fl \([A-Za-z-]\)/-\1/g' | pairs
}

# A row may have two options: "`-h, --help`, `-V, --version`".
in_readme()
{
	sed -n 's/^| \(`-[^|]*\) |.*/\1/p' "$top/README.md" |
	    sed 's/`, `/\
/g' | tr '`,' '  ' | pairs
}

in_bash()
{
	"$(command -v bash)" -c '
	. "$1"
	COMP_WORDS=(simpletcpunixrelay -) COMP_CWORD=1
	_simpletcpunixrelay
	printf "%s\n" "${COMPREPLY[@]}"' - "$bash" |
	    awk '/^-.$/ { short = $1; next } { print short, $1; short = "" }' |
	    pairs
}

in_zsh()
{
	grep "^	'.*-" "$zsh" |
	    sed -e 's/\[.*//' -e "s/'([^)]*)'*//" | tr "'{},+=" '       ' | pairs
}

in_fish()
{
	sed -n 's/^complete -c simpletcpunixrelay //p' "$fish" |
	    sed -e 's/-s \(.\) /-\1 /' -e 's/-l \([a-z-]*\)/--\1/' \
	        -e 's/ -[xrFda] .*//' | pairs
}

atf_test_case same_options
same_options_head()
{
	atf_set descr "Table, help, manual, README, completions: one set"
	atf_set require.progs bash
}
same_options_body()
{
	in_table >expected
	test "$(wc -l <expected)" -ge 20 || atf_fail "$(cat expected)"
	for _place in help manual readme bash zsh fish; do
		"in_$_place" >found
		diff expected found ||
		    atf_fail "$_place: not the options of the table"
	done
}

atf_test_case getopt_string
getopt_string_head()
{
	atf_set descr "The short options of the table are those of getopt"
}
getopt_string_body()
{
	sed -n 's/.*short_options\[\] = ":\(.*\)";/\1/p' \
	    "$top/src/options.c" | sed 's/[^:]:*/&\
/g' | sed -n 's/^\([A-Za-z]\).*/-\1/p' | sort >short
	test -s short || atf_fail "no short options"
	in_table | sed -n 's/^\(-.\) .*/\1/p' | sort >expected
	atf_check -o file:expected cat short
}

# words NAME: those that options.c allows.
words()
{
	sed -n "/^parse_$1(/,/^}/s/.*words\[\] = { \(.*\), NULL };/\1/p" \
	    "$top/src/options.c" | tr -d '",'
}

atf_test_case same_words
same_words_head()
{
	atf_set descr "The fixed words are those of the table"
}
same_words_body()
{
	for _pair in sandbox:sandbox proxy_protocol:proxy-protocol; do
		_words=$(words "${_pair%:*}")
		_option=--${_pair#*:}
		test -n "$_words" || atf_fail "no words of $_option"
		grep -q -e "$_option) .*-W \"$_words\"" "$bash" ||
		    grep -A 1 -e "$_option)\$" "$bash" |
		        grep -q -e "-W \"$_words\"" ||
		    atf_fail "bash: $_option: not $_words"
		grep -q -e "$_option=\[.*:($_words)'" "$zsh" ||
		    atf_fail "zsh: $_option: not $_words"
		grep -q -e "-l ${_option#--} -x -a '$_words'" "$fish" ||
		    atf_fail "fish: $_option: not $_words"
	done
}

atf_test_case in_a_bash
in_a_bash_head()
{
	atf_set descr "bash: names, words, files, users, also after = and :"
	atf_set require.progs bash
}
in_a_bash_body()
{
	mkdir sub
	: >sub/one.sock
	: >"sub/two words"
	cat >complete <<-'EOF'
	. "$1"
	# given WORD...: what stands for the last one.
	given()
	{
		COMP_WORDS=(simpletcpunixrelay "$@") COMP_CWORD=$#
		_simpletcpunixrelay
		printf '%s:' "$*"
		[[ ${#COMPREPLY[@]} = 0 ]] || printf ' <%s>' "${COMPREPLY[@]}"
		echo
	}
	given --sand
	given --w
	given --sandbox ""
	given --sandbox = re
	given --proxy-protocol = 
	given --proxy-protocol =
	given -j a
	given -t 10
	given -i 10m
	given --wait = in
	given -b ""
	given -u roo
	given -o root : roo
	given --user = root : roo
	given -p sub/o
	given sub/
	given unix : sub/o
	given --inetd sub/o
	given -m 6
	COMP_WORDBREAKS=$' \t\n'
	given --sandbox=re
	given --user=root:roo
	given unix:sub/o
	EOF
	cat >expected <<-'EOF'
	--sand: <--sandbox>
	--w: <--workers> <--wait>
	--sandbox : <auto> <require> <off>
	--sandbox = re: <require>
	--proxy-protocol =: <v1> <v2>
	--proxy-protocol =: <v1> <v2>
	-j a: <auto>
	-t 10: <10ms> <10s> <10min> <10h> <10d>
	-i 10m: <10ms> <10min>
	--wait = in: <infinity>
	-b :
	-u roo: <root>
	-o root : roo: <root>
	--user = root : roo: <root>
	-p sub/o: <sub/one.sock>
	sub/: <sub/one.sock> <sub/two words>
	unix : sub/o: <sub/one.sock>
	--inetd sub/o: <sub/one.sock>
	-m 6: <600> <660> <666>
	--sandbox=re: <--sandbox=require>
	--user=root:roo: <--user=root:root>
	unix:sub/o: <unix:sub/one.sock>
	EOF
	atf_check -o file:expected bash complete "$bash"
	atf_check -o match:'-F _simpletcpunixrelay simpletcpunixrelay' \
	    bash -c '. "$1"; complete -p simpletcpunixrelay' - "$bash"
}

atf_test_case in_a_zsh
in_a_zsh_head()
{
	atf_set descr "zsh: it can be loaded, and hands its options over"
	atf_set require.progs zsh
}
in_a_zsh_body()
{
	atf_check zsh -n "$zsh"
	# In place of zsh's own function, which needs a terminal.
	atf_check -o match:'^\(-b --backlog\)--backlog=' \
	    -o match:'^--sandbox=.*:\(auto require off\)$' \
	    zsh -fc '_arguments() { print -rl -- "$@" }; . "$1"' - "$zsh"
}

# offered WORD...: the completions of a command line, without descriptions.
offered()
{
	fish --no-config -c 'source $argv[1]; complete -C "$argv[2]"' \
	    "$fish" "simpletcpunixrelay $1" | cut -f 1 | sort
}

atf_test_case in_a_fish
in_a_fish_head()
{
	atf_set descr "fish: names, words, files, users"
	atf_set require.progs fish
}
in_a_fish_body()
{
	atf_check fish --no-config -n "$fish"
	in_table | tr ' ' '\n' | sort >expected
	offered - >found
	atf_check -o file:expected cat found
	offered --sandbox= >found
	atf_check -o inline:'--sandbox=auto\n--sandbox=off\n--sandbox=require\n' \
	    cat found
	offered '-w 5m' >found
	atf_check -o inline:'5min\n5ms\n' cat found
	: >one.sock
	offered './o' >found
	atf_check -o inline:'./one.sock\n' cat found
}

atf_init_test_cases()
{
	atf_add_test_case same_options
	atf_add_test_case getopt_string
	atf_add_test_case same_words
	atf_add_test_case in_a_bash
	atf_add_test_case in_a_zsh
	atf_add_test_case in_a_fish
}
