#!/bin/sh
# cups_ppd.sh DIR: add to the CUPS of cups_start.sh queues that have a driver, as most card printers do.
# What is sent to the printer lands in DIR/NAME.out.
#   rio     Magicard Rio 2E of Gutenprint, one side      tango  Magicard Tango 2E, two sides
#   odd     sizes, ribbons and panels under names of its maker's own; gets CUPS raster
set -u
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
stop() { echo "cups_ppd: $1" >&2; exit 1; }
driver=/usr/lib/cups/driver/gutenprint.5.3
[ -x $driver ] || stop "$driver is missing: install the package printer-driver-gutenprint"
[ -x /usr/bin/gs ] || stop "gs is missing: install the package ghostscript"
export CUPS_SERVER="$dir/cups.sock"
for name in rio tango; do
	$driver cat "gutenprint.5.3://magicard-$name-2e/expert" >"$dir/$name.ppd" || stop "no PPD of $name"
done
cp "$here/../printer/odd-card.ppd" "$dir/odd.ppd"
for name in rio tango odd; do
	lpadmin -p $name -E -v "file:$dir/$name.out" -P "$dir/$name.ppd" 2>"$dir/log/lpadmin" ||
		stop "$(cat "$dir/log/lpadmin")"
done
