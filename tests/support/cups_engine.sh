#!/bin/sh
# The card printer's insides: ippeveprinter runs this with the document's path. It plays
# the word in $BASHGAH_PRINTER_DIR/play:
#   ok      prints        ribbon, media, jam, door, hopper, feeder  reports it, waits for the file `helped`, prints
#   abort   gives up
# A printer that is switched off prints no more: this ends with it, whatever it waits for.
dir=$BASHGAH_PRINTER_DIR
echo $$ >"$dir/engine.pid"
trap 'rm -f "$dir/engine.pid"' EXIT
stuck() {
	echo "STATE: +$1" >&2
	tries=0
	while [ ! -e "$dir/helped" ] && [ $tries -lt 3000 ]; do
		[ -e "$dir/printer.pid" ] || exit 1
		tries=$((tries + 1))
		sleep 0.1
	done
	rm -f "$dir/helped"
	echo "STATE: -$1" >&2
}
case $(cat "$dir/play") in
ribbon) stuck marker-supply-empty-error ;;
media) stuck media-empty-error ;;
jam) stuck media-jam-error ;;
door) stuck cover-open-error ;;
hopper) stuck media-needed-error ;;
feeder) stuck input-tray-missing-error ;;
abort) echo "ERROR: card head failure" >&2; exit 1 ;;
esac
cp "$1" "$dir/printed/last"
echo "$IPP_JOB_NAME" >>"$dir/printed/titles"
