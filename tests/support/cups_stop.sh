#!/bin/sh
# cups_stop.sh DIR: end what cups_start.sh began and what its printer runs, by the ids they kept, and
# wait for it to be gone.
dir=$1
for p in cupsd printer engine bus; do
	[ -f "$dir/$p.pid" ] || continue
	pid=$(cat "$dir/$p.pid" 2>/dev/null)
	[ -n "$pid" ] || continue
	kill "$pid" 2>/dev/null
	tries=0
	while kill -0 "$pid" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || kill -9 "$pid" 2>/dev/null
		sleep 0.1
	done
	rm -f "$dir/$p.pid"
done
exit 0
