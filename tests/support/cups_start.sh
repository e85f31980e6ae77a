#!/bin/sh
# cups_start.sh DIR: a CUPS of its own in DIR (absolute, new, short: a socket's path has
# 107 characters), with a CR80 card printer behind it and four queues:
#   card           prints; what the printer does is the word in DIR/play (see cups_engine.sh)
#   card-unwatched the same printer, but the scheduler calls a job completed as soon as it was sent
#   card-stopped   is disabled
#   card-rejecting takes no jobs
#   card-locked    is disabled, and only administrators (SystemGroup root) may start it
#   card-staff     is disabled; the group of `nobody` may start it, by the shipped policy
# The server answers on DIR/cups.sock (CUPS_SERVER). Nothing of the system's own CUPS is
# used or touched. End it with cups_stop.sh DIR. Says what is missing and exits 1 if it cannot.
set -u
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
stop() { echo "cups_start: $1" >&2; sh "$here/cups_stop.sh" "$dir"; exit 1; }
need() { PATH=$PATH:/usr/sbin command -v "$1" >/dev/null || stop "$1 is missing: install the package $2"; }
PATH=$PATH:/usr/sbin
need cupsd cups-daemon
need lpadmin cups-client
need ippeveprinter cups-ipp-utils
need dbus-daemon dbus-daemon
[ -x /usr/lib/cups/filter/pdftopdf ] || stop "pdftopdf is missing: install the package cups-filters"

mkdir -p "$dir" && cd "$dir" || exit 1
chmod 755 . && mkdir -p spool cache state root/ssl temp log doc printed ipp
chmod 1777 temp
echo ok >play
cat >bus.conf <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=$dir/bus.sock</listen><auth>EXTERNAL</auth>
<policy context="default"><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/><allow user="*"/></policy></busconfig>
END
cat >root/cups-files.conf <<END
ServerRoot $dir/root
ServerKeychain $dir/root/ssl
CacheDir $dir/cache
StateDir $dir/state
RequestRoot $dir/spool
TempDir $dir/temp
DocumentRoot $dir/doc
AccessLog $dir/log/access
ErrorLog $dir/log/error
PageLog $dir/log/page
Printcap
SystemGroup root
FileDevice Yes
END
cat >root/cupsd.conf <<END
LogLevel debug
Listen $dir/cups.sock
Browsing Off
WebInterface No
DefaultAuthType Basic
PreserveJobHistory Yes
PreserveJobFiles No
<Location />
  Order allow,deny
  Allow all
</Location>
<Location /admin/conf>
  AuthType Default
  Require user @SYSTEM
</Location>
<Policy locked>
  <Limit Resume-Printer>
    AuthType Default
    Require user @SYSTEM
    Order deny,allow
  </Limit>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
END

sed "s/@bashgah/@$(id -gn nobody)/" "$here/../../packaging/cupsd-policy.conf" >>root/cupsd.conf

# wait WORDS...: until the command succeeds, a minute at most
wait_for() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}

# ippeveprinter will not start without a bus; it needs nobody on it
dbus-daemon --config-file=bus.conf --nofork >log/bus 2>&1 &
echo $! >bus.pid
wait_for [ -S bus.sock ] || stop "the bus does not start: $(cat log/bus)"
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$dir/bus.sock"

# -a makes ippeveprinter send some attributes twice, which ipptool calls a failure: look for one of them
printer_up() {
	ipptool -tv -T 2 "ipp://localhost:$port/ipp/print" get-printer-attributes.test | grep -q queued-job-count
}
printer_gone() { ! kill -0 "$(cat printer.pid)"; }
answered() { printer_up || printer_gone; }
port=$((20000 + $$ % 20000))
for attempt in 1 2 3 4 5; do
	BASHGAH_PRINTER_DIR=$dir ippeveprinter -p $port -r off -d "$dir/ipp" -k \
	    -a "$here/../printer/cr80-printer.conf" -c "$here/cups_engine.sh" "Card printer" \
	    </dev/null >log/printer 2>&1 &
	echo $! >printer.pid
	wait_for answered
	printer_gone || break
	port=$((port + 1))
done
printer_up || stop "ippeveprinter does not start: $(tail -n 5 log/printer)"

export CUPS_SERVER="$dir/cups.sock"
sh "$here/cups_again.sh" "$dir" || stop "cupsd does not start: $(cat log/cupsd log/error 2>/dev/null)"
lpadmin -p card -E -v "ipp://localhost:$port/ipp/print" -m everywhere \
    -o printer-error-policy=abort-job 2>log/lpadmin || stop "$(cat log/lpadmin)"
lpadmin -p card-unwatched -E -v "ipp://localhost:$port/ipp/print?waitjob=false" -m everywhere \
    2>log/lpadmin || stop "$(cat log/lpadmin)"
for q in card-stopped card-rejecting card-locked card-staff; do
	lpadmin -p $q -E -v socket://127.0.0.1:9 -m raw 2>log/lpadmin || stop "$(cat log/lpadmin)"
done
lpadmin -p card-locked -o printer-op-policy=locked 2>log/lpadmin || stop "$(cat log/lpadmin)"
lpadmin -p card-staff -o printer-op-policy=bashgah 2>log/lpadmin || stop "$(cat log/lpadmin)"
cupsdisable -r "ribbon change" card-stopped card-locked card-staff || stop "cupsdisable failed"
cupsreject -r "away" card-rejecting || stop "cupsreject failed"
