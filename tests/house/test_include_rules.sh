# Who may use whom: the tree keeps the rules, and a small bad tree for each rule is refused.
. tests/support/tap.sh
rules=$PWD/tests/include_rules.sh

expect "every file of the house keeps the rules" sh "$rules" .

# tree FILE LINE [FILE LINE]...: a tree of these files, with the headers they may want
tree() {
	rm -rf "$TMPDIR/tree"
	for h in station/base/err station/text/text station/store/store station/store/view \
		station/club/member station/flow/flow station/cli/cli station/web/server \
		keys/raw keys/digest keys/inside cardapps/record cardapps/chip/chip \
		cardapps/secure/ev1 cardapps/sim/sim printer/render; do
		mkdir -p "$TMPDIR/tree/${h%/*}"
		: >"$TMPDIR/tree/$h.h"
	done
	while [ $# -gt 0 ]; do
		mkdir -p "$(dirname "$TMPDIR/tree/$1")"
		echo "$2" >>"$TMPDIR/tree/$1"
		shift 2
	done
}

# refused SENTENCE WORDS FILE LINE...: this tree is refused, and WORDS say why
refused() {
	local sentence=$1 words=$2 said
	shift 2
	tree "$@"
	if said=$(sh "$rules" "$TMPDIR/tree"); then
		not_ok "$sentence"
	elif printf '%s' "$said" | grep -qF -e "$words"; then
		ok "$sentence"
	else
		not_ok "$sentence"
		echo "# said: $said"
	fi
}

allowed() {
	local sentence=$1
	shift
	tree "$@"
	expect "$sentence" sh "$rules" "$TMPDIR/tree"
}

allowed "a room may use what its row names" \
	station/flow/a.c '#include "keys/digest.h"' station/flow/a.c '#include "printer/render.h"' \
	station/cli/a.c '#include <jansson.h>' cardapps/reader/pcsc.c '#include <winscard.h>' \
	cardapps/sim/a.c '#include "keys/raw.h"' station/web/portal.c '#include "station/store/view.h"' \
	keys/a.c '#include <openssl/evp.h>' tests/x/a.c '#include "keys/raw.h"'

refused "the ground floor uses nobody" "may not use keys/digest.h" \
	station/base/a.c '#include "keys/digest.h"'
refused "the printer knows nothing of keys" "printer may not use keys/digest.h" \
	printer/a.c '#include "keys/digest.h"'
refused "the printer knows nothing of cards" "may not use cardapps/record.h" \
	printer/a.h '#include "cardapps/record.h"'
refused "the club knows no card" "may not use cardapps/record.h" \
	station/club/a.c '#include "cardapps/record.h"'
refused "a lower room does not use a higher one" "may not use station/flow/flow.h" \
	station/store/a.c '#include "station/flow/flow.h"'
refused "the flow does not use the web" "may not use station/web/server.h" \
	station/flow/a.c '#include "station/web/server.h"'
refused "main uses the commands alone" "may not use station/flow/flow.h" \
	station/main.c '#include "station/flow/flow.h"'
refused "the portal sees the view, not the store" "may not use station/store/store.h" \
	station/web/portal.c '#include "station/store/store.h"'
refused "the portal does not reach the store through the view" "may never reach station/store/store.h" \
	station/web/portal/a.c '#include "station/store/view.h"' \
	station/store/view.h '#include "station/store/store.h"'
refused "the portal reads digests, not keys" "may not use keys/raw.h" \
	station/web/portal.c '#include "keys/raw.h"'
refused "the portal knows no flow" "may not use station/flow/flow.h" \
	station/web/portal.c '#include "station/flow/flow.h"'
refused "the desk reaches no key" "may not use keys/digest.h" \
	station/web/desk.c '#include "keys/digest.h"'
refused "software card and driver do not meet" "may never reach cardapps/chip" \
	cardapps/sim/a.c '#include "cardapps/chip/chip.h"'
refused "driver and software card do not meet" "may never reach cardapps/sim" \
	cardapps/chip/a.c '#include "cardapps/sim/sim.h"'
refused "secure messaging and software card do not meet" "may never reach cardapps/sim" \
	cardapps/secure/a.c '#include "cardapps/sim/sim.h"'
refused "software card and driver do not meet through another header" "may never reach cardapps/secure" \
	cardapps/sim/a.c '#include "cardapps/record.h"' \
	cardapps/record.h '#include "cardapps/secure/ev1.h"'
refused "raw ciphers are for keys and software cards" "only keys cardapps/sim may include keys/raw.h" \
	cardapps/chip/a.c '#include "keys/raw.h"'
refused "the inside of the safe stays inside" "is for its own room" \
	cardapps/a.c '#include "keys/inside.h"'
refused "only the safe knows OpenSSL" "only keys may include openssl/evp.h" \
	cardapps/a.c '#include <openssl/evp.h>'
refused "only text knows ICU" "only station/text may include unicode/ustring.h" \
	station/club/a.c '#include <unicode/ustring.h>'
refused "only the store knows SQLite" "only station/store may include sqlite3.h" \
	station/flow/a.c '#include <sqlite3.h>'
refused "PC/SC has one file" "may include winscard.h" \
	cardapps/reader/trace.c '#include <winscard.h>'
refused "only the queues of CUPS know CUPS" "only printer/queue_cups may include cups/http.h" \
	printer/queue_file.c '#include <cups/http.h>'
refused "only the web knows the HTTP library" "only station/web may include microhttpd.h" \
	station/cli/a.c '#include <microhttpd.h>'
refused "a library without a room is refused" "no room is the home of <curl/curl.h>" \
	station/flow/a.c '#include <curl/curl.h>'
refused "no path climbs" "without dots" \
	keys/a.c '#include "../station/base/err.h"'
refused "every path has its folder" "with its folder" \
	keys/a.c '#include "raw.h"'
refused "a header that is not there is refused" "there is no station/base/gone.h" \
	keys/a.c '#include "station/base/gone.h"'
refused "headers form no circle" "a circle" \
	keys/raw.h '#include "keys/digest.h"' keys/digest.h '#include "keys/raw.h"'
refused "a computed include is refused" "cannot read" \
	keys/a.c '#include HEADER'
plan
