#!/bin/sh
# cups_again.sh DIR: (re)start the cupsd that cups_start.sh made in DIR. Ends when it answers.
set -u
dir=$1
PATH=$PATH:/usr/sbin
# end it, and only then begin: two would fight for the socket
if [ -f "$dir/cupsd.pid" ]; then
	pid=$(cat "$dir/cupsd.pid")
	kill "$pid" 2>/dev/null
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ $tries -lt 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	rm -f "$dir/cups.sock"
fi
cupsd -f -c "$dir/root/cupsd.conf" -s "$dir/root/cups-files.conf" >>"$dir/log/cupsd" 2>&1 &
echo $! >"$dir/cupsd.pid"
tries=0
until CUPS_SERVER="$dir/cups.sock" lpstat -r 2>/dev/null | grep -q 'is running' && [ -S "$dir/cups.sock" ]; do
	tries=$((tries + 1))
	[ $tries -lt 600 ] || exit 1
	sleep 0.1
done
