#!/bin/bash
# The door of this tree: builds the appliance, starts it, tests it.  ./build.sh help
#
# Third-party parts and the kernel are built once and kept in $CAM_CACHE; everything of this tree goes to out/.
# Needs root only to install Debian packages (and for suites that make namespaces).
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022

top=$(cd "$(dirname "$0")" && pwd)
cd "$top"
export CAM_TOP=$top
export CAM_OUT=$top/out
export CAM_CACHE=${CAM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cam-appliance}
export CAM_JOBS=${CAM_JOBS:-$(nproc)}
# Debian's python, not one that happens to come first.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
log=$CAM_OUT/log

usage() {
	cat <<-'END'
	usage: ./build.sh VERB

	  run [--detach] [--uefi] [--port N] [--memory M]
	                       build the appliance, start it in QEMU, print its address, certificate and setup code
	  stop                 stop a detached one
	  test [SUITE...]      run the test suites (all of them without a name)
	  soak [SUITE...]      the same suites with large counts
	  bench                measure against nginx, PostgreSQL, Node's ws, graphile-worker, pg-boss and iptables
	  fuzz NAME SECONDS    run one fuzz target of tests/fuzz
	  sim --seconds N      run the simulator of core's engine on new seeds; prints the one that finds something
	  image                build everything; the results are in out/image
	  programs             only our own programs (out/bin)
	  console              only the console's pages (out/console)
	  rootfs               only our own programs and the root file system
	  fetch [--locked | --update-lock]
	                       only fetch the third-party sources; everything builds without network afterwards
	  keys                 make the owner's signing keys
	  reproduce            build everything again elsewhere, kernel included, and compare
	  clean                remove out/ (the cache of third-party parts stays: ~/.cache/cam-appliance)

	CAM_LANES=1 runs all suites one after another.  CAM_DEMO=0 leaves the Test Provider's own machines out of the image.
	Logs of every stage are in out/log.
	END
}

# Exit codes: 100 wrong use, 111 trouble.
die() { echo "build: $*" >&2; exit 111; }
misuse() { echo "build: $*" >&2; usage >&2; exit 100; }

# ---- Debian packages of the build machine -----------------------------------------------------------

build_packages="gcc g++ libc6-dev linux-libc-dev gcc-12-plugin-dev make binutils patch file perl python3 gawk
	bzip2 xz-utils zstd cpio bc bison flex libelf-dev libssl-dev kmod openssl git dpkg-dev apt-utils
	autoconf automake libtool cmake ninja-build tcl patchelf util-linux
	squashfs-tools cryptsetup-bin mtools dosfstools fdisk e2fsprogs
	sbsigntool efitools systemd-boot-efi qemu-utils syslinux syslinux-common"
run_packages="qemu-system-x86 ovmf iproute2 curl"
fuzz_packages="clang-14 libclang-rt-14-dev"

# Installs what is missing of the packages named.
hosts() {
	local missing
	missing=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true; } |
		awk '$1 == "installed" { print $2 }' |
		awk -v want="$*" '{ have[$1] = 1 } END { n = split(want, w); for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i] }')
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || die "these Debian packages are needed (run once as root, or install them):" $missing
	stage packages install_packages $missing
}

install_packages() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get update
	apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=900 "$@"
}

# ---- stages: a line each, with the time taken; the output is in out/log/<stage>.log ------------------

now() { date +%s%N | cut -c1-13; }
seconds() { awk -v ms=$(($(now) - $1)) 'BEGIN { printf "%.1f s", ms / 1000 }'; }

# Shows, while process $1 runs, how far log $2 has come of $3 lines.
progress() {
	local at
	while sleep 4 >/dev/null 2>&1 && kill -0 "$1" 2>/dev/null; do
		if [ "$3" -gt 0 ]; then
			at=$(($(wc -l <"$2") * 100 / $3))
			printf ' %d%%' $((at < 99 ? at : 99))
		else
			printf .
		fi
	done
}

# stage NAME [--lines N] COMMAND...
stage() {
	local name=$1 lines=0 began pid watcher rc=0
	shift
	if [ "$1" = --lines ]; then lines=$2; shift 2; fi
	mkdir -p "$log"
	began=$(now)
	printf '%-18s' "$name"
	"$@" >"$log/$name.log" 2>&1 </dev/null &
	pid=$!
	progress $pid "$log/$name.log" "$lines" 9>&- &
	watcher=$!
	wait $pid || rc=$?
	kill $watcher 2>/dev/null || true
	wait $watcher 2>/dev/null || true
	if [ $rc != 0 ]; then
		printf ' failed after %s\n' "$(seconds "$began")"
		tail -n 25 "$log/$name.log" >&2
		echo "build: $name: failed; all of it is in out/log/$name.log" >&2
		exit 111
	fi
	printf ' %s\n' "$(seconds "$began")"
	grep -E '^(fetch: .* moved on|image: |rootfs: |console: )' "$log/$name.log" | sed 's/^/  /' || true
}

# One build at a time in this tree; tests run outside of it.
lock() { mkdir -p "$CAM_OUT" "$CAM_CACHE"; exec 9>"$CAM_OUT/.lock"; flock 9; }
unlock() { exec 9>&-; }

# ---- what is built -----------------------------------------------------------------------------------

target_parts="musl relro libev yyjson bearssl libsodium sqlite libwebsockets curl expat libmnl libnftnl skalibs s6 busybox shell e2fsprogs"
host_parts="libev yyjson bearssl libsodium sqlite libwebsockets curl expat libmnl libnftnl"

# The lock really used: src/deps/lock, or what `fetch` took in its place.
used_lock() { echo "$CAM_CACHE/lock/$(sha256sum <src/deps/lock | cut -c1-32)"; }

# Everything the third-party parts depend on.
parts_key() { cat src/deps/* image/kernel.fragment "$(used_lock)" 2>/dev/null | sha256sum; gcc --version | head -n 1; ld --version | head -n 1; }

# Builds the parts named for variant $1 that are not in the cache yet.
parts() {
	local variant=$1 part name
	shift
	for part; do
		[ -d "$(src/deps/make --dir "$variant" "$part")" ] && continue
		name=$part
		[ "$variant" = target ] || name=$part-$variant
		stage "$name" --lines "$(src/deps/make --steps "$part")" src/deps/make "$variant" "$part"
	done
}

link_parts() {
	local part
	mkdir -p "$CAM_OUT/parts" "$CAM_OUT/kernel"
	for part in "$@"; do ln -sfn "$(src/deps/make --dir target "$part")" "$CAM_OUT/parts/$part"; done
}

# Is stamp $1 as parts_key says? Then what it stands for is there.
fresh() { [ "$(cat "$CAM_OUT/.$1" 2>/dev/null)" = "$(parts_key)" ] && [ -e "$2" ]; }
stamp() { parts_key >"$CAM_OUT/.$1"; }

fetch() { stage fetch src/deps/fetch "$@"; }

toolchain() {
	hosts $build_packages
	fresh toolchain "$CAM_OUT/sysroot/lib" && return 0
	fetch
	parts target $target_parts
	src/deps/sysroot target "$CAM_OUT/sysroot"
	link_parts $target_parts
	stamp toolchain
}

hostroot() {
	toolchain
	fresh hostroot "$CAM_OUT/hostroot/lib" && return 0
	parts host $host_parts
	src/deps/sysroot host "$CAM_OUT/hostroot"
	stamp hostroot
}

kernel() {
	fresh kernel "$CAM_OUT/kernel/bzImage" && return 0
	parts target linux
	link_parts linux
	ln -sfn ../parts/linux/bzImage "$CAM_OUT/kernel/bzImage"
	stamp kernel
}

compile() { make -f src/Makefile -j"$CAM_JOBS" --no-print-directory "VARIANT=$1" "$2"; }

programs() { toolchain; stage programs compile target programs; }
# The console's pages; a Node that is there already will do (18 or newer).
console() {
	command -v npm >/dev/null || hosts nodejs npm
	programs
	stage console src/console/build
}
unit() { hostroot; stage unit-tests compile host unit; }
fuzzers() { hosts $fuzz_packages; hostroot; stage fuzz-targets compile fuzz fuzz; }
simulator() { toolchain; stage simulator compile sim sim; }
bench_programs() { toolchain; stage bench-programs compile target bench; }
rootfs() {
	console
	[ "${CAM_DEMO:-1}" = 0 ] || stage machine rootfs/machine/build
	stage rootfs rootfs/build
}

image() {
	rootfs
	kernel
	stage sbom src/deps/sbom "$(used_lock)" "$CAM_OUT/image/sbom.spdx.json"
	stage image image/build
}

# ---- tests -------------------------------------------------------------------------------------------

# Every directory of tests/ with an executable `run`; bench has its own verb, openstack runs when it is named.  The last one looks at what
# the others recorded.
suites() {
	local d
	for d in tests/*/run; do
		d=$(basename "$(dirname "$d")")
		if [ -x "tests/$d/run" ] && [ "$d" != bench ] && [ "$d" != openapi ] && [ "$d" != openstack ]; then echo "$d"; fi
	done
	echo openapi
}

# Makes what the suites named need, each thing once.
prepare() {
	local s packages= needs=
	for s; do
		packages="$packages $(sed 's/#.*//' "tests/$s/packages" 2>/dev/null || true)"
		needs="$needs $(cat "tests/$s/needs" 2>/dev/null || echo image)"
	done
	needs=" $(echo $needs) "
	case $needs in *' image '*) packages="$packages $run_packages" ;; esac
	[ -z "$(echo $packages)" ] || hosts $packages
	case $needs in
	*' image '*) image ;;
	*' rootfs '*) rootfs ;;
	*' programs '*) programs ;;
	esac
	case $needs in *' tree '*) [ -d "$(tests/lib/tree --dir)" ] || stage debian-tree tests/lib/tree ;; esac
	case $needs in *' unit '*) unit ;; esac
	case $needs in *' fuzz '*) fuzzers ;; esac
	case $needs in *' sim '*) simulator ;; esac
	case $needs in *' bench '*) bench_programs ;; esac
}

# The failed checks of a suite's output, each with the lines that say why.
failures() {
	awk '/^(ok|skip|#) / { n = 0 } /^not ok / { n = 12; any = 1 } n-- > 0; END { exit !any }' "$1"
}

# Runs a suite with dots on $2: a line with its counts and time, and what failed.  The counts go to a file for the sum, too.
suite() {
	local out=$log/test-$1.log began good bad skipped rc=0 pid watcher
	began=$(now)
	printf '%-18s' "$1"
	"tests/$1/run" >"$out" 2>&1 </dev/null &
	pid=$!
	progress $pid "$out" 0 >"$2" &
	watcher=$!
	wait $pid || rc=$?
	kill $watcher 2>/dev/null || true
	wait $watcher 2>/dev/null || true
	good=$(grep -c '^ok ' "$out" || true)
	bad=$(grep -c '^not ok ' "$out" || true)
	skipped=$(grep -c '^skip ' "$out" || true)
	if [ "$rc" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
	if [ "$rc" = 0 ] && [ "$good" = 0 ] && [ "$bad" = 0 ] && [ "$skipped" = 0 ]; then good=1; fi
	echo "$good $bad" >"$log/test-$1.counts"
	[ "$skipped" = 0 ] && skipped= || skipped="$skipped skipped, "
	printf ' %d passed, %d failed, %s%s\n' "$good" "$bad" "$skipped" "$(seconds "$began")"
	[ "$bad" = 0 ] || { failures "$out" || tail -n 20 "$out"; echo "  (all of it: out/log/test-$1.log)"; }
}

# Takes suites from the front (1) or the back (\$) of the queue until there is none; each is shown when it has ended.
lane() {
	local s
	while s=$(flock "$log/queue.lock" sh -c 'sed -n "$2p" "$1"; sed -i "$2d" "$1"' _ "$log/queue" "$1") && [ -n "$s" ]; do
		echo "$s begins"
		suite "$s" /dev/null >"$log/test-$s.shown"
		cat "$log/test-$s.shown"
	done
}

# All suites: most of them wait more than they compute, so two at a time.  Those with a file `alone` are about times and have the machine
# for themselves; the last one reads what the others left.
all_suites() {
	local s first=() last=${*: -1} pid
	: >"$log/queue"
	for s in "${@:1:$#-1}"; do
		if [ -e "tests/$s/alone" ]; then first+=("$s"); else echo "$s" >>"$log/queue"; fi
	done
	for s in "${first[@]}"; do suite "$s" /dev/stdout; done
	lane 1 &
	pid=$!
	lane '$'
	wait $pid
	suite "$last" /dev/stdout
}

run_suites() {
	local s all=("$@") good bad passed=0 failed=0
	[ $# -gt 0 ] || mapfile -t all < <(suites)
	for s in "${all[@]}"; do
		[ -x "tests/$s/run" ] || misuse "$s: no such suite (there are: $(suites | tr '\n' ' '))"
	done
	lock
	prepare "${all[@]}"
	unlock
	rm -f "$log"/test-*.counts
	if [ $# = 0 ] && [ "${CAM_LANES:-2}" != 1 ]; then
		all_suites "${all[@]}"
	else
		for s in "${all[@]}"; do suite "$s" /dev/stdout; done
	fi
	for s in "${all[@]}"; do
		read -r good bad <"$log/test-$s.counts"
		passed=$((passed + good)) failed=$((failed + bad))
	done
	echo "$passed passed, $failed failed"
	[ $failed = 0 ]
}

bench() {
	[ -x tests/bench/run ] || die "tests/bench/run: not there"
	lock
	prepare bench
	unlock
	tests/bench/run "$@"
}

fuzz() {
	[ $# = 2 ] || misuse "fuzz: NAME and SECONDS, please"
	[ -e "tests/fuzz/$1.c" ] || misuse "fuzz: $1: no such target (there are: $(basename -a -s .c tests/fuzz/*.c | tr '\n' ' '))"
	lock
	fuzzers
	unlock
	mkdir -p "$CAM_OUT/fuzz/found/$1" "$CAM_OUT/fuzz/corpus/$1"
	local seeds=tests/fuzz/corpus/$1
	[ -d "$seeds" ] || seeds=
	"$CAM_OUT/fuzz/$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$CAM_OUT/fuzz/found/$1/" "$CAM_OUT/fuzz/corpus/$1" $seeds
}

# Seeds nobody has tried yet, from the clock; a failure's seed is printed: out/sim/main -s SEED -n 1 -v shows it.
sim() {
	[ $# = 2 ] && [ "$1" = --seconds ] || misuse "sim: --seconds N, please"
	lock
	simulator
	unlock
	mkdir -p "$CAM_OUT/sim/work"
	cd "$CAM_OUT/sim/work"
	exec ../main -t "$2" -s "$(date +%s)000"
}

# ---- verbs -------------------------------------------------------------------------------------------

[ "$(. /etc/os-release && echo "$ID $VERSION_ID")" = "debian 12" ] ||
	die "this is not Debian 12, whose compiler and packages the build is made for"
verb=${1:-help}
[ $# = 0 ] || shift
case $verb in
run) lock; hosts $run_packages; image; unlock; exec image/qemu run "$@" ;;
stop) exec image/qemu stop "$@" ;;
test) run_suites "$@" ;;
soak) CAM_SOAK=1 run_suites "$@" ;;
bench) bench "$@" ;;
fuzz) fuzz "$@" ;;
sim) sim "$@" ;;
image) lock; image ;;
programs) lock; programs ;;
console) lock; console ;;
rootfs) lock; rootfs ;;
fetch) lock; hosts $build_packages; fetch "$@" ;;
keys) hosts $build_packages; exec image/keys "$@" ;;
reproduce) lock; image; unlock; exec src/deps/reproduce "$@" ;;
clean) lock; rm -rf "${CAM_OUT:?}"/* ;;
help | --help | -h) usage ;;
*) misuse "$verb: unknown verb" ;;
esac
