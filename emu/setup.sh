# What start, check and bench share: packages and builds.  Sourced by sh.

# command=package, or a file=package where there is no command.
BUILDNEEDS="g++=g++ cmake=cmake ninja=ninja-build ccache=ccache pkg-config=pkg-config
/usr/include/uv.h=libuv1-dev /usr/include/boost/context/detail/fcontext.hpp=libboost-context-dev
/usr/include/fmt/core.h=libfmt-dev /usr/include/histedit.h=libedit-dev
/usr/include/zlib.h=zlib1g-dev /usr/include/zstd.h=libzstd-dev
/usr/include/CLI/CLI.hpp=libcli11-dev"

say() {
	printf '%s\n' "== $*"
}

# need "COMMAND=PACKAGE ...": installs the packages of what is not there.
need() {
	missing=
	for n in $1; do
		what=${n%%=*}
		case $what in
		/*) [ -e "$what" ] && continue ;;
		*) command -v "$what" >/dev/null 2>&1 && continue ;;
		esac
		missing="$missing ${n#*=}"
	done
	[ -z "$missing" ] && return 0
	say "installing$missing"
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	log=$(mktemp)
	if ! { $sudo apt-get update && DEBIAN_FRONTEND=noninteractive $sudo apt-get install \
		-y --no-install-recommends $missing; } >"$log" 2>&1; then
		cat "$log" >&2
		echo "cannot install$missing" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

# build DIR TARGET [CMAKE-OPTION...]: quiet when there is nothing to do.
build() {
	dir=$1 target=$2
	shift 2
	if [ ! -e "$dir/build.ninja" ] || [ $# -gt 0 ]; then
		mkdir -p "$dir"
		[ -e "$dir/build.ninja" ] || say "configuring $(basename "$dir")"
		cmake -S "$top" -B "$dir" -G Ninja "$@" >"$dir/configure.log" 2>&1 || {
			cat "$dir/configure.log" >&2
			return 1
		}
	fi
	# The look for new files is always on the list.
	work=$(ninja -C "$dir" -n $target 2>/dev/null |
		grep -vE 'Entering|Re-checking|Re-running|no work to do' | head -n 1)
	if [ -z "$work" ]; then
		ninja -C "$dir" --quiet $target >/dev/null
		return
	fi
	say "building $target (a few minutes the first time)"
	if [ -t 2 ]; then
		ninja -C "$dir" $target >&2
	else
		ninja -C "$dir" --quiet $target >&2
	fi
}
