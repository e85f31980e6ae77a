# Pre-printed cards: what a print house gets, that a card is dead until it is bound, and bound once; whatever
# is killed, full or in the way, no card is out there that the book does not know.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq
need zbarimg zbar-tools
need pdftoppm poppler-utils
need cc gcc
club=$TMPDIR/club
out=$TMPDIR/lots
b=("$bashgah" -C "$club" --lang en)
new_club "$club"
mkdir "$out"

# column NAME LOT: that column of the lot's CSV
column() { tr -d '\r' <"$out/lot-000$2/cards.csv" | awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }'; }
book() { sqlite3 "$club/club.db" "$1"; }

# --- the files
said=$("${b[@]}" stock export 4 "$out" --pin)
expect "the sentence about destroying the secrets is said" grep -q 'destroy every copy' <<<"$said"
equal "folder and files are their owner's alone" "$(stat -c '%a' "$out/lot-0001" "$out"/lot-0001/* | tr '\n' ' ')" "700 600 600 600 "
equal "the CSV has a line for each card" "$(column number 1 | sort -u | wc -l) $(column token 1 | sort -u | wc -l)" "4 4"
equal "every PIN has six digits" "$(column pin 1 | grep -cxE '[0-9]{6}')" 4
equal "the PDF has front and back of each" "$(pdfinfo "$out/lot-0001/cards.pdf" | sed -n 's/^Pages: *//p')" 8
pdftoppm -r 300 -png "$out/lot-0001/cards.pdf" "$TMPDIR/page"
equal "a phone reads the addresses of the CSV in the PDF, in its order" "$(qr "$TMPDIR"/page-*.png)" "$(column url 1)"
equal "the manifest tells both files' checksums" \
	"$(jq -r '.["cards.csv"].sha256, .["cards.pdf"].sha256' "$out/lot-0001/manifest.json")" \
	"$(sha256sum "$out"/lot-0001/cards.{csv,pdf} | cut -d' ' -f1 | tr a-f A-F)"
equal "its own stands in the journal" \
	"$(book "SELECT json_extract(body, '\$.manifest_sha256') FROM journal WHERE kind = 'stock.export'")" \
	"$(sha256sum "$out/lot-0001/manifest.json" | cut -d' ' -f1 | tr a-f A-F)"
bad=''
for pin in $(column pin 1); do ! strings -a "$club/club.db" "$club"/club.db-wal 2>/dev/null | grep -qw "$pin" || bad+="$pin "; done
equal "no PIN stands in the book" "$bad" ""
expect "a lot of gift cards" "${b[@]}" stock export 2 "$out" --application gift

# --- dead, and then alive
mapfile -t number < <(column number 1)
mapfile -t url < <(column url 1)
mapfile -t pin < <(column pin 1)
gift=$(column number 2 | head -n 1)
answer() { curl -sS --noproxy '*' -H 'Accept-Language: en' -w '%{http_code}' "${portal_url%/}/${1#https://*/}"; }
portal_start "$club"
equal "a dead address is answered like one that nobody made" "$(answer "${url[0]}")" \
	"$(answer "https://X/C/AAAAAAAAAAAAAAAAAAAAAAAAAA")"
refuses 2 "a membership card is somebody's" 'member' 'member' -C "$club" bind "${number[0]}"
equal "bound by its number" \
	"$(field '"\(.exit) \(.card) \(.member)"' "${b[@]}" --json bind "${number[0]}" --member 1 --request one)" "0 ${number[0]} 1"
expect "its address has a page now" grep -q '0 rial' <<<"$(page "${url[0]}" en)"
portal_stop
refuses 1 "a card is bound once" 'فعال' 'in use' -C "$club" bind "${number[0]}" --member 1
equal "the same request gets its first answer" \
	"$(field '"\(.exit) \(.repeated) \(.card)"' "${b[@]}" --json bind "${number[0]}" --member 1 --request one)" "0 true ${number[0]}"
refuses 1 "another request does not" 'فعال' 'in use' -C "$club" bind "${number[0]}" --member 1 --request two

# --- as a scanner types it
typed=$(sed 'y/ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/abcdefghijklmnopqrstuvwxyz۰۱۲۳۴۵۶۷۸۹/' <<<"${url[1]}")
refuses 1 "a wrong PIN" 'رمز' 'PIN' -C "$club" bind "$typed" --member 1 --pin 12345
equal "bound by its code in lower case with Persian digits, and its PIN" \
	"$(field '"\(.exit) \(.card)"' "${b[@]}" --json bind "$typed" --member 1 --pin "${pin[1]}")" "0 ${number[1]}"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "${b[@]}" bind "${number[2]}" --member 1 --pin 0 >/dev/null 2>&1 & done
wait
equal "a dozen wrong PINs at once are five tries, like one after the other" \
	"$(book "SELECT tries FROM stock WHERE number = ${number[2]}") $(book "SELECT count(*) FROM journal WHERE kind = 'stock.pin' AND json_extract(body, '\$.card') = '${number[2]}'")" "5 5"
refuses 1 "after five wrong PINs the right one is refused, too" 'مدیر' 'Too many' -C "$club" bind "${number[2]}" --member 1 --pin "${pin[2]}"
refuses 1 "and none at all does not open it" 'مدیر' 'Too many' -C "$club" bind "${number[2]}" --member 1
refuses 1 "another club's code" 'باشگاه' 'another club' -C "$club" bind "https://OTHER.EXAMPLE/C/${url[2]##*/}" --member 1
refuses 1 "a code nobody made" 'آماده' 'stock' -C "$club" bind "https://CLUB.EXAMPLE/C/AAAAAAAAAAAAAAAAAAAAAAAAAA" --member 1
refuses 1 "letters of a Persian keyboard" 'صفحه‌کلید' 'keyboard' -C "$club" bind 'اففحس' --member 1
issued=$(field .card "${b[@]}" --json issue --member 1 --reader none --no-print)
refuses 1 "a card that never was stock" 'آماده' 'stock' -C "$club" bind "$issued" --member 1

# --- at sale, and on a chip
refuses 2 "a gift card is activated" 'activate' 'activate' -C "$club" bind "$gift"
equal "for whoever carries it" \
	"$(field '"\(.exit) \(.application) \(.member)"' "${b[@]}" --json bind "$gift" --activate)" "0 gift 0"
equal "and loaded" "$(field '"\(.exit) \(.balance_rial)"' "${b[@]}" --json load 50000 --reader none --card "$gift")" "0 500000"
equal "a chip gets the number printed on its card" \
	"$(field '"\(.exit) \(.card)"' "${b[@]}" --json issue --member 1 --number "${number[3]}" --quick)" "0 ${number[3]}"
equal "and the address in its QR" "$(book "SELECT url FROM intent WHERE card = ${number[3]}")" "${url[3]}"
equal "nothing was printed for it" "$(book 'SELECT count(*) FROM print')" 0

# --- two desks, one card
two=$(column number 2 | tail -n 1)
for i in 1 2 3; do "${b[@]}" --json bind "$two" --activate >"$TMPDIR/desk-$i" & desk[i]=$!; done
wait "${desk[@]}"
equal "three desks at once bind it once" "$(cat "$TMPDIR"/desk-* | jq -rs '[.[].exit] | sort | join(" ")')" "0 1 1"

# --- a lot that was lost
"${b[@]}" stock export 1 "$out" >/dev/null
expect "a lot is closed" "${b[@]}" stock void 3
refuses 1 "and its cards stay dead" '۳' 'Lot 3' -C "$club" bind "$(column number 3)" --member 1
refuses 1 "it is closed once" '۳' 'Lot 3' -C "$club" stock void 3
refuses 1 "a lot nobody ordered" '۹' 'no lot 9' -C "$club" stock void 9

# --- folders that are none, and lots that are too large
refuses 4 "a folder that is not there" 'nowhere' 'nowhere' -C "$club" stock export 1 "$TMPDIR/nowhere"
: >"$TMPDIR/file"
refuses 4 "a file" 'file' 'file' -C "$club" stock export 1 "$TMPDIR/file"
mkdir -p "$TMPDIR/taken/lot-000"{4,5,6}
refuses 1 "a folder where the lot's name is taken" 'lot-000' 'lot-000' -C "$club" stock export 1 "$TMPDIR/taken"
equal "nothing is left there" "$(find "$TMPDIR/taken" -name '.lot*')" ""
refuses 2 "no cards" '۱۰' '10,000' -C "$club" stock export 0 "$out"
refuses 2 "more than a lot has" '۱۰' '10,000' -C "$club" stock export 10001 "$out"
refuses 1 "a kind of card nobody has" 'bus' 'bus' -C "$club" stock export 1 "$out" --application bus

# --- a disk that fills up: no half lot
mkdir "$TMPDIR/small"
if mount -t tmpfs -o size=40k none "$TMPDIR/small"; then
	lots=$(book 'SELECT count(*) FROM stock')
	refuses 4 "a full disk" 'پر' 'full' -C "$club" stock export 3 "$TMPDIR/small"
	equal "no file is left and no card is known" "$(find "$TMPDIR/small" -mindepth 1 | wc -l) $(book 'SELECT count(*) FROM stock')" "0 $lots"
	umount "$TMPDIR/small"
else
	not_ok "a small disk can be mounted (run as root)"
fi

# --- killed before every commit
expect "the killer is built" cc -shared -fPIC -o "$TMPDIR/kill.so" tests/e2e/kill_at.c
mkdir "$TMPDIR/kill"
env LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=0 KILL_COUNT="$TMPDIR/steps" "${b[@]}" stock export 1 "$TMPDIR/kill" >/dev/null
steps=$(cat "$TMPDIR/steps") bad='' finished=0
for ((n = 1; n <= steps; n++)); do
	{ env LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=$n "${b[@]}" stock export 1 "$TMPDIR/kill"; } >/dev/null 2>&1
	[ $? -eq 137 ] || bad+="step $n did not strike; "
	more=$(field .finished "${b[@]}" --json stock export 1 "$TMPDIR/kill")
	finished=$((finished + more))
done
equal "an export is killed before each of its $steps commits" "$bad" ""
equal "files that were complete got their name" "$finished" 1
bad=''
for csv in "$TMPDIR"/kill/lot-*/cards.csv; do
	known=$(book "SELECT count(*) FROM stock WHERE number = $(sed -n 2p "$csv" | cut -d, -f2)")
	[ "$known" = 1 ] || bad+="$csv "
done
equal "the book knows every card of every lot that has its name" "$bad" ""
expect "journal, intents and ledger agree" book_good "$club"
plan
