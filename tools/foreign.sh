# What tools/musl and tools/emulated share: building the relay and its tests
# for a C library or a machine that is not the one at hand.
# Not here: where compilers and libraries come from, and running the tests.
# shellcheck shell=sh

# only_variables USAGE [VARIABLE=VALUE...]: anything else ends the process.
only_variables() {
	_usage=$1
	shift
	for variable; do
		case $variable in
		[A-Z]*=*) ;;
		*)
			echo "usage: $_usage" >&2
			exit 64
			;;
		esac
	done
}

# make_scratch NAME: a directory at $scratch until the process ends, and $cache
# for what may be kept longer.
make_scratch() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/$1.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# Tests as another user go there too.
	chmod 711 "$scratch"
	# shellcheck disable=SC2034 # for who asked for it
	cache=${XDG_CACHE_HOME:-$scratch/cache}/simpletcpunixrelay/cross
}

# use_libs DIRECTORY: of tools/cross-libs.
use_libs() {
	libs=$1
	PKG_CONFIG_LIBDIR=$libs/lib/pkgconfig
	export PKG_CONFIG_LIBDIR
}

# build_copy [VARIABLE=VALUE...]: of make; in a copy, which becomes the current
# directory, so that the working tree stays as it is.
build_copy() {
	mkdir "$scratch/tree"
	tar -cf - --exclude=./.git --exclude='*.o' --exclude='*.simo' . |
		tar -xf - -C "$scratch/tree"
	cd "$scratch/tree"
	make -s clean
	make -j2 WERROR=-Werror CPPFLAGS="-isystem $libs/include" "$@" \
	    check-programs
}
