# What bad input gets: its exit code, one sentence in each language, and nothing changed in
# journal, ledger or card.
. tests/support/tap.sh
. tests/e2e/station.sh
need sqlite3 sqlite3
need python3 python3
need vicc vsmartcard-vpicc
real_pcscd
cups=$TMPDIR/cups
trap 'card_off; sh tests/support/cups_stop.sh "$cups"; [ -z "${holder:-}" ] || kill $holder 2>/dev/null; umount "$TMPDIR/small" 2>/dev/null' EXIT
pcsc=$PCSCLITE_CSOCK_NAME
club=$TMPDIR/club
new_club "$club"
new_card "$club" --request first
"$bashgah" -C "$club" load 50000 >/dev/null
before=$(snapshot "$club")

# unchanged SENTENCE: book and card are byte for byte what they were
unchanged() {
	equal "$1: book and card are as before" "$(snapshot "$club")" "$before"
}

# --- amounts
refuses 1 "0 is no amount" 'صفر' 'zero' -C "$club" load 0
refuses 1 "-1 is no amount" 'منف' 'below zero' -C "$club" load -1
refuses 1 "2^63 is too large" 'بزرگ' 'too large' -C "$club" load 9223372036854775808
refuses 1 "2^63 - 1 too" 'بزرگ' 'too large' -C "$club" load 9223372036854775807
refuses 1 "a word is no amount" 'مبلغ' 'not an amount' -C "$club" load پنجاه
refuses 1 "nothing is no amount" 'مبلغ' 'No amount' -C "$club" load ''
refuses 1 "half a toman is no amount" 'ممیز' 'decimal' -C "$club" load 0.5
refuses 1 "5 toman are too little" 'کمترین' 'at least' -C "$club" load 5
refuses 2 "a unit nobody has" 'dollar' 'dollar' -C "$club" load 50000 --unit dollar
unchanged "amounts"

# --- readers and cards
export PCSCLITE_CSOCK_NAME=$TMPDIR/nobody
refuses 4 "no pcscd" 'pcscd' 'pcscd' -C "$club" load 50000 --reader 'Virtual PCD'
export PCSCLITE_CSOCK_NAME=$pcsc
refuses 4 "a reader that is not there" 'Omnikey' 'Omnikey' -C "$club" load 50000 --reader Omnikey
refuses 1 "a name that fits two readers" 'Virtual PCD 00 01' 'Virtual PCD 00 01' -C "$club" load 50000 --reader 'Virtual PCD'
refuses 1 "a software reader of a kind there is not" 'readers' 'readers' -C "$club" load 50000 --reader sim:topaz
refuses 1 "no card within the time" 'کارت' 'within 1 second' -C "$club" load 50000 --reader "$vpcd_reader" --wait 1
refuses 2 "a wait that is no number" 'wait' 'wait' -C "$club" load 50000 --wait soon
unchanged "readers"

# a card by other hands, of no kind we know (the Debian package looks for Crypto elsewhere)
mkdir "$TMPDIR/shim"
ln -s /usr/lib/python3/dist-packages/Cryptodome "$TMPDIR/shim/Crypto"
PYTHONPATH=$TMPDIR/shim:/usr/lib/python3/site-packages/virtualsmartcard /usr/bin/python3 /usr/bin/vicc \
	-t iso7816 -H 127.0.0.1 -P "$VPCD_PORT" >"$TMPDIR/vicc.log" 2>&1 &
card=$!
expect "a card of another kind is on the reader" until_true 20 reader_has_card true
for act in "show" "load 50000" "issue --member 1 --no-print"; do
	# shellcheck disable=SC2086
	refuses 1 "an unknown chip: ${act%% *}" 'کارت' 'card' -C "$club" $act --reader "$vpcd_reader"
	kill -0 $card 2>/dev/null || break
done
card_off
unchanged "an unknown chip"

other=$TMPDIR/other
new_club "$other"
foreign=$(field .card "$bashgah" -C "$other" --json issue --member 1 --no-print --quick)
cp "$other/cards/desfire-ev1.card" "$club/cards/desfire-ev1-other.card"
head -c 4000 /dev/urandom >"$club/cards/desfire-ev1-noise.card"
cp "$club/cards/desfire-ev1.card" "$club/cards/desfire-ev1-cut.card"
truncate -s 1000 "$club/cards/desfire-ev1-cut.card"
before=$(snapshot "$club")
for act in "load 50000" "show" "issue --member 1 --no-print"; do
	# shellcheck disable=SC2086
	refuses 1 "another club's card: ${act%% *}" 'باشگاه' 'club' -C "$club" $act --reader sim:desfire-ev1:other
done
refuses 1 "a card already issued" 'پیش‌تر صادر شده' 'issued already' -C "$club" issue --member 1 --no-print
refuses 1 "a new card is not loaded" 'نو' 'new and empty' -C "$club" load 50000 --reader sim:desfire-ev1:fresh
rm -f "$club/cards/desfire-ev1-fresh.card"
refuses 1 "a software card of noise" 'noise' 'noise' -C "$club" show --reader sim:desfire-ev1:noise
refuses 1 "a software card cut short" 'cut' 'cut' -C "$club" show --reader sim:desfire-ev1:cut
refuses 1 "another card than the one named" 'کارت درست' 'not the one' -C "$club" load 50000 --card "$foreign"
unchanged "cards of others"

# an old image put back: the roll-back of a card
cp "$club/cards/desfire-ev1.card" "$TMPDIR/old.card"
"$bashgah" -C "$club" load 10000 >/dev/null
cp "$club/cards/desfire-ev1.card" "$TMPDIR/new.card"
cp "$TMPDIR/old.card" "$club/cards/desfire-ev1.card"
before=$(snapshot "$club")
refuses 1 "a card rolled back is not loaded" 'مدیر' 'manager' -C "$club" load 50000
unchanged "a card rolled back"
cp "$TMPDIR/new.card" "$club/cards/desfire-ev1.card"
equal "the right card is served again" "$(on_card "$club")" "0 600000"

# --- names
before=$(snapshot "$club")
refuses 1 "a name of emoji" 'نام' 'name' -C "$club" member add '😀😀'
refuses 1 "a name of 300 characters" 'نام' 'name' -C "$club" member add "$(printf 'س%.0s' $(seq 300))"
refuses 1 "a name under a heap of marks" 'نام' 'name' -C "$club" member add "سا$(printf '\u0301%.0s' $(seq 30))را"
refuses 1 "no name" 'نام' 'name' -C "$club" member add ''
refuses 1 "a name that turns the writing round" 'نام' 'name' -C "$club" member add $'Sara \u202eidamhA'
refuses 1 "a name that is no text" 'نام' 'name' -C "$club" member add $'\xff\xfe'
refuses 1 "a member enrolled twice" 'سارا احمدی' 'سارا احمدی' -C "$club" member add 'سارا احمدي'
refuses 1 "a member nobody knows" 'پیدا' 'No member' -C "$club" issue --member 'نرگس'
refuses 1 "a phone of letters" 'تلفن' 'phone' -C "$club" member add 'نرگس' --phone 0912abc
refuses 1 "a tier there is not" 'platinum' 'platinum' -C "$club" member add 'نرگس' --tier platinum
refuses 1 "a card number with two digits swapped" 'شمارهٔ کارت' 'card number' -C "$club" print 4539578763621468
unchanged "names"

# --- designs
d=$club/designs
sed 's/font-family="[^"]*"/font-family="Nobody Has This"/g; s/font-family:[^;"]*/font-family:Nobody Has This/g' "$d/default-front.svg" >"$d/nofont-front.svg"
cp "$d/default-back.svg" "$d/nofont-back.svg"
head -c 3000 "$d/default-front.svg" >"$d/broken-front.svg"
cp "$d/default-back.svg" "$d/broken-back.svg"
sed 's/id="bg:club"/id="bg:club" text-anchor="end"/' "$d/default-front.svg" >"$d/off-front.svg"
cp "$d/default-back.svg" "$d/off-back.svg"
before=$(snapshot "$club")
blank=(--reader sim:desfire-ev1:blank)
refuses 4 "a design with a font nobody has" 'Nobody Has This' 'Nobody Has This' -C "$club" issue --member 1 "${blank[@]}" --design nofont
refuses 1 "a broken design" 'broken' 'broken' -C "$club" issue --member 1 "${blank[@]}" --design broken
refuses 1 "a design whose text hangs off the card" 'لبه' 'edge' -C "$club" issue --member 1 "${blank[@]}" --design off
refuses 4 "a design that is not there" 'nowhere' 'nowhere' -C "$club" issue --member 1 "${blank[@]}" --design nowhere
refuses 4 "a folder for prints that is not there" 'nosuch' 'nosuch' -C "$club" issue --member 1 "${blank[@]}" --printer "file:$TMPDIR/nosuch"
unchanged "designs"
expect "a name too long for the card can be a member's" "$bashgah" -C "$club" member add \
	'سید محمدحسین طباطبایی بهبهانی نژاد اصفهانی شیرازی کرمانی'
before=$(snapshot "$club")
refuses 1 "but is told before a card is touched" 'برای کارت' 'too long for the card' -C "$club" issue --member 2 "${blank[@]}"
unchanged "a long name"

# --- queues
refuses 4 "no CUPS" 'CUPS' 'CUPS' -C "$club" issue --member 1 "${blank[@]}" --printer card
expect "a private CUPS runs" sh tests/support/cups_start.sh "$cups"
export CUPS_SERVER=$cups/cups.sock
refuses 4 "a queue that is not there" 'nosuch' 'nosuch' -C "$club" issue --member 1 "${blank[@]}" --printer nosuch
refuses 4 "a queue that takes no jobs" 'card-rejecting' 'card-rejecting' -C "$club" issue --member 1 "${blank[@]}" --printer card-rejecting
number=$(field .card "$bashgah" -C "$club" --json show)
refuses 4 "a queue that is stopped" 'card-stopped' 'card-stopped' -C "$club" print "$number" --printer card-stopped
unchanged "queues"
export CUPS_SERVER=$TMPDIR/no-cups

# --- the database
sqlite3 "$club/club.db" 'BEGIN EXCLUSIVE; SELECT 1;' '.system touch '"$TMPDIR/held"'; while [ ! -e '"$TMPDIR/let-go"' ]; do sleep 0.1; done' 'ROLLBACK' >/dev/null &
holder=$!
expect "another program holds the database" until_true 10 test -e "$TMPDIR/held"
refuses 4 "a locked database" 'club.db' 'club.db' -C "$club" load 50000
touch "$TMPDIR/let-go"
wait $holder
holder=
unchanged "a locked database"
cp -a "$club" "$TMPDIR/newer"
sqlite3 "$TMPDIR/newer/club.db" 'PRAGMA user_version = 999'
refuses 4 "a database of a newer program" 'تازه' 'newer' -C "$TMPDIR/newer" load 50000
cp -a "$club" "$TMPDIR/short"
truncate -s 5000 "$TMPDIR/short/club.db"
refuses 4 "a database cut short" 'club.db' 'club.db' -C "$TMPDIR/short" load 50000
cp -a "$club" "$TMPDIR/text"
echo 'not a database, only text' >"$TMPDIR/text/club.db"
refuses 4 "a database that is none" 'club.db' 'club.db' -C "$TMPDIR/text" load 50000
refuses 4 "no club" 'init' 'init' -C "$TMPDIR/nowhere" load 50000
refuses 1 "a club where there is one" 'باشگاه' 'club' -C "$club" init --designs printer/designs
unchanged "databases"

# --- keys
cp -a "$club" "$TMPDIR/keys"
cp "$other/keys/station.safe" "$TMPDIR/keys/keys/"
refuses 4 "another club's key store" 'keys' 'keys' -C "$TMPDIR/keys" load 50000
# its bytes are random: another one than stands there, whichever that is
was=$(dd if="$TMPDIR/keys/keys/station.safe" bs=1 skip=100 count=1 2>/dev/null | od -An -tu1)
printf "\\x$(printf %02x $((was ^ 1)))" | dd of="$TMPDIR/keys/keys/station.safe" bs=1 seek=100 conv=notrunc 2>/dev/null
refuses 4 "a damaged key store" 'station.safe' 'station.safe' -C "$TMPDIR/keys" load 50000
cp "$other/keys/"* "$TMPDIR/keys/keys/"
refuses 4 "all of another club's keys" 'keys' 'keys' -C "$TMPDIR/keys" load 50000
refuses 4 "nor is a card issued with them" 'keys' 'keys' -C "$TMPDIR/keys" issue --member 1 --no-print --reader sim:desfire-ev1:new

# --- a disk that fills up
mkdir "$TMPDIR/small"
if mount -t tmpfs -o size=900k none "$TMPDIR/small"; then
	small=$TMPDIR/small/club
	new_club "$small"
	new_card "$small"
	"$bashgah" -C "$small" load 50000 >/dev/null
	dd if=/dev/zero of="$TMPDIR/small/ballast" bs=4k 2>/dev/null
	refuses 4 "a full disk" 'پر' 'full' -C "$small" load 50000
	held=$(on_card "$small")
	rm "$TMPDIR/small/ballast"
	equal "nothing was loaded" "$(on_card "$small") $(in_book "$small")" "0 500000 500000+0"
	# whatever room is left, the act is done, refused or in doubt; and then completed once
	bad='' codes=()
	for room in 4 8 16 24 32 48 64 96 128; do
		dd if=/dev/zero of="$TMPDIR/small/ballast" bs=4k 2>/dev/null
		truncate -s -${room}k "$TMPDIR/small/ballast"
		"$bashgah" -C "$small" --json load 1000 --request "room-$room" >/dev/null 2>&1
		codes+=($?)
		rm -f "$TMPDIR/small/ballast"
		got=$(field '"\(.exit)"' "$bashgah" -C "$small" --json load 1000 --request "room-$room")
		[ "$got" = 0 ] || bad+="room $room: $got; "
	done
	equal "with any room left, nothing is lost or done twice (ended with ${codes[*]})" \
		"$bad$(on_card "$small") $(in_book "$small")" "0 590000 590000+0"
	expect "journal, intents and ledger agree" book_good "$small"
	umount "$TMPDIR/small"
else
	not_ok "a small disk can be mounted (run as root)"
fi

# --- two at once
two=$TMPDIR/two
new_club "$two"
new_card "$two"
run_both() {
	"$bashgah" -C "$two" --json load 50000 --request "$1" >"$TMPDIR/a.json" 2>&1 &
	local first=$!
	"$bashgah" -C "$two" --json load 50000 --request "$2" >"$TMPDIR/b.json" 2>&1
	wait $first
	for id in "$1" "$2"; do
		"$bashgah" -C "$two" --json load 50000 --request "$id" >"$TMPDIR/$id.json" 2>&1
	done
}
run_both same same
equal "two at once with one request load once" "$(on_card "$two") $(in_book "$two")" "0 500000 500000+0"
run_both one two
equal "two at once with two requests load twice" "$(on_card "$two") $(in_book "$two")" "0 1500000 1500000+0"
expect "journal, intents and ledger agree" book_good "$two"

equal "after all this the first card holds what it held" "$(on_card "$club") $(in_book "$club")" "0 600000 600000+0"
expect "and its journal, intents and ledger agree" book_good "$club"
plan
