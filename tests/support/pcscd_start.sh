#!/bin/sh
# A pcscd of our own with two virtual readers, "Virtual PCD 00 00" and "00 01".
#
#   pcscd_start.sh [-d DIR] COMMAND...   run COMMAND with it and answer its exit status
#   pcscd_start.sh [-d DIR]              print the environment, wait for the end of standard input
#
# The environment: PCSCLITE_CSOCK_NAME for libpcsclite, VPCD_PORT (a card connects there for the
# first reader, to the next one for the second), PCSCD_PID. Everything ends with this script.
#
# pcscd knows one socket only, /run/pcscd/pcscd.comm; so it gets a mount namespace with a /run of its
# own: any number of these run side by side, and the computer's own pcscd and its USB readers are
# not touched. DIR (default: a temporary folder) may be given to start again in the same place.
set -eu

DRIVER=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
READY_TRIES=200			# of 20 ms

need() {
	[ -e "$1" ] || { echo "pcscd_start: $1 is missing; install the package $2" >&2; exit 4; }
}

dir='' own_dir='' pid=''
stop() {
	status=$?
	trap - EXIT INT TERM HUP
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	[ -z "$own_dir" ] || rm -rf "$own_dir"
	exit "$status"
}

# Does process $1 listen on TCP port $2? From /proc: its sockets against the table.
listens() {
	inode=$(awk -v port="$(printf ':%04X' "$2")" \
	    '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' "/proc/$1/net/tcp" 2>/dev/null)
	[ -n "$inode" ] || return 1
	for fd in /proc/"$1"/fd/*; do
		[ "$(readlink "$fd" 2>/dev/null)" != "socket:[$inode]" ] || return 0
	done
	return 1
}

# Start pcscd with its readers at port $1; fails if somebody else was there first.
try_port() {
	rm -rf "$dir/run/pcscd"
	: >"$dir/log"
	printf 'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n' \
	    "$1" "$DRIVER" "$1" >"$dir/conf/vpcd"
	# the inner shell expands its own $0, which is the folder
	# shellcheck disable=SC2016,SC2086
	setpriv --pdeathsig TERM unshare $user_ns --mount $propagation \
	    sh -c 'mount --bind "$0/run" /run && exec pcscd --foreground --config "$0/conf"' \
	    "$dir" </dev/null >"$dir/log" 2>&1 &
	pid=$!
	tries=0
	while ! { [ -S "$dir/run/pcscd/pcscd.comm" ] && listens "$pid" "$1" && listens "$pid" $(($1 + 1)); }; do
		tries=$((tries + 1))
		if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt "$READY_TRIES" ] ||
		    grep -q 'vpcd_init\|Open Port.*Failed' "$dir/log"; then
			kill "$pid" 2>/dev/null || true
			wait "$pid" 2>/dev/null || true
			pid=''
			return 1
		fi
		sleep 0.02
	done
}

if [ "${1-}" = -d ]; then
	dir=$2
	shift 2
fi
need /usr/sbin/pcscd pcscd
need "$DRIVER" vsmartcard-vpcd
PATH=$PATH:/usr/sbin:/sbin
user_ns=''
[ "$(id -u)" = 0 ] || user_ns=--map-root-user
# in a chroot the root is no mount point, and its propagation cannot be changed
propagation=''
# shellcheck disable=SC2086
unshare $user_ns --mount true 2>/dev/null || propagation='--propagation unchanged'

trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -z "$dir" ]; then
	dir=$(mktemp -d)
	own_dir=$dir
fi
mkdir -p "$dir/run" "$dir/conf"

# A port nobody had a moment ago; should somebody take it meanwhile, the next one.
seed=$$
for attempt in 1 2 3 4 5 6 7 8; do
	port=$((20000 + (seed * 7919 + attempt * 1009) % 10000 / 2 * 2))
	grep -q "$(printf ':%04X 00000000:0000 0A\|:%04X 00000000:0000 0A' $port $((port + 1)))" /proc/net/tcp || ! try_port "$port" || break
	seed=$((seed + 1))
	port=''
done
if [ -z "$port" ]; then
	echo "pcscd_start: pcscd does not start:" >&2
	cat "$dir/log" >&2
	exit 4
fi

PCSCLITE_CSOCK_NAME=$dir/run/pcscd/pcscd.comm VPCD_PORT=$port PCSCD_PID=$pid
export PCSCLITE_CSOCK_NAME VPCD_PORT PCSCD_PID
if [ $# -gt 0 ]; then
	"$@"
else
	printf 'PCSCLITE_CSOCK_NAME=%s\nVPCD_PORT=%s\nPCSCD_PID=%s\n' "$PCSCLITE_CSOCK_NAME" "$VPCD_PORT" "$PCSCD_PID"
	cat >/dev/null
fi
