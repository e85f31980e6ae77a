#!/bin/sh
# cups_set.sh DIR [NAME VALUE]...: write settings into the cupsd.conf of cups_start.sh's DIR; "-" takes one
# out. The scheduler shows the file at once and obeys it when it starts again (cups_again.sh).
set -u
conf=$1/root/cupsd.conf
shift
while [ $# -ge 2 ]; do
	sed -i "/^$1 /d" "$conf"
	[ "$2" = - ] || sed -i "1i $1 $2" "$conf"
	shift 2
done
