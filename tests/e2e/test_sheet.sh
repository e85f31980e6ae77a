# Cards of several members on one sheet of paper, each a print of its own: through a folder and the real scheduler,
# killed between every two steps, looked at card by card.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq
need cc gcc
need gs ghostscript
need pdftoppm poppler-utils
cups=$TMPDIR/cups
club=$TMPDIR/club
b=("$bashgah" -C "$club")
trap 'sh tests/support/cups_stop.sh "$cups"' EXIT
expect "a private CUPS runs" sh tests/support/cups_start.sh "$cups"
expect "with printers that have drivers" sh tests/support/cups_ppd.sh "$cups"
export CUPS_SERVER=$cups/cups.sock
expect "the killer is built" cc -shared -fPIC -o "$TMPDIR/kill.so" tests/e2e/kill_at.c
new_club "$club"
for name in 'علی کریم‌زاده' 'John Smith' 'مریم رضایی' 'ژاله چگینی'; do
	"${b[@]}" member add "$name" >/dev/null
done
for i in 1 2 3 4 5; do
	"${b[@]}" issue --member $i --reader none --no-print >/dev/null
done
book() { sqlite3 "$club/club.db" "$1"; }
mapfile -t card < <(book "SELECT printf('%016d', number) FROM card ORDER BY number")
three=("${card[@]:0:3}")
jobs() { lpstat -W all -o odd | wc -l; }
# states SHEET: of its prints, in order
states() { book "SELECT group_concat(state || ended, ' ') FROM (SELECT * FROM print WHERE sheet = '$1' ORDER BY id)"; }

# --- into a folder
mkdir "$TMPDIR/paper"
said=$("${b[@]}" --json print sheet "${three[@]}" --printer "file:$TMPDIR/paper")
sheet=$(jq -r .print_title <<<"$said")
equal "three cards are one job" "$(jq -r '"\(.exit) \(.print_state) \(.cards | length)"' <<<"$said")" "0 done 3"
equal "each with a row of its own, seen to be there" "$(states "$sheet")" "3done 3done 3done"
equal "on A4, front and back" "$(pdfinfo "$TMPDIR/paper/$sheet.pdf" |
	sed -n 's/^Pages: *//p; s/^Page size: .*(\(.*\))/\1/p' | tr '\n' ' ')" "2 A4 "
pdftoppm -r 200 -png "$TMPDIR/paper/$sheet.pdf" "$TMPDIR/page"
equal "the codes on it are those of the three cards" "$(qr "$TMPDIR"/page*.png | sort -u)" \
	"$(book "SELECT url FROM intent WHERE url IS NOT NULL AND card IN ($(IFS=,; echo "${three[*]/#/+}"))" | sort)"
expect "with pictures for a screen" test -s "$TMPDIR/paper/$sheet-front.png" -a -s "$TMPDIR/paper/$sheet-back.png"
for lang in fa en; do
	expect "said for people ($lang)" grep -q "$TMPDIR/paper" <<<"$("${b[@]}" --lang $lang print sheet "${card[3]}" \
		--printer "file:$TMPDIR/paper" --card-lang $lang)"
done

# --- refused before anything is noted
before=$(book 'SELECT count(*) FROM print')
refuses 2 "a card named twice" 'دو بار' 'twice' -C "$club" print sheet "${card[0]}" "${card[0]}"
refuses 2 "eleven cards" 'زیادی' 'too many' -C "$club" print sheet 1 2 3 4 5 6 7 8 9 10 11
for digit in 0 1 2 3 4 5 6 7 8 9; do
	field .message "${b[@]}" --json print sheet "${card[0]}" "000000000000001$digit"
done >"$TMPDIR/strange"
equal "of ten numbers one may be a card's, and it is not there" "$(grep -c CARD_NOT_IN_BOOK "$TMPDIR/strange")" 1
refuses 4 "a sheet on a card printer" 'میلی‌متر' '210 × 297' -C "$club" print sheet "${three[@]}" --printer rio --side front
equal "nothing was noted for it" "$(book 'SELECT count(*) FROM print')" "$before"

# --- through the scheduler, and each card as it was seen
said=$("${b[@]}" --json print sheet "${three[@]}" --printer odd)
sheet=$(jq -r .print_title <<<"$said")
equal "a queue that has A4 prints it as one job" \
	"$(jq -r '"\(.exit) \(.print_state) \(.print_to_confirm)"' <<<"$said") $(jobs)" "0 done true 1"
equal "its cards wait for somebody to look" "$(states "$sheet")" "2done 2done 2done"
expect "one of them is bad" "${b[@]}" print reject "${three[1]}" --reason colour
equal "the sheet is confirmed" "$(field .confirmed "${b[@]}" --json print confirm "$sheet")" 2
equal "but for the bad one" "$(states "$sheet")" "3done 4done 3done"
refuses 1 "a sheet is confirmed once" 'پیش‌تر' 'already' -C "$club" print confirm "$sheet"
refuses 1 "a sheet nobody knows" 'دفتر' 'no print' -C "$club" print confirm sheet-00

# --- killed before each step, then asked for again by two desks at once
env LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=0 KILL_COUNT="$TMPDIR/steps" "${b[@]}" print sheet "${three[@]}" --printer odd >/dev/null
steps=$(cat "$TMPDIR/steps")
expect "its steps are seen ($steps)" test "$steps" -ge 4
bad=''
for ((n = 1; n <= steps; n++)); do
	before=$(jobs) rows=$(book 'SELECT count(*) FROM print')
	{ env LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=$n "${b[@]}" print sheet "${three[@]}" --printer odd; } >/dev/null 2>&1
	[ $? -eq 137 ] || bad+="step $n was not struck; "
	planned=$(($(book 'SELECT count(*) FROM print') - rows))
	# a card of the sheet brings the sheet to its end: nothing is known of it alone
	[ $planned -eq 0 ] || [ $planned -eq 3 ] || bad+="step $n left $planned rows; "
	[ $planned -eq 3 ] || continue
	"${b[@]}" --json print "${three[0]}" --printer odd >"$TMPDIR/one" &
	"${b[@]}" --json print sheet "${three[@]}" --printer odd >"$TMPDIR/two"
	wait $!
	made=$(($(jobs) - before))
	open=$(book 'SELECT count(*) FROM print WHERE state < 2')
	# who comes after its end prints anew, as asked; never the same sheet twice
	[ "$open" = 0 ] && [ "$(book "SELECT count(DISTINCT CASE sheet WHEN '' THEN title ELSE sheet END) FROM print WHERE state < 5 AND queue = 'odd'")" = "$(jobs)" ] ||
		bad+="step $n: $made jobs, $open open; "
done
equal "no sheet is lost and none is printed twice" "$bad" ""
expect "journal, intents and ledger agree" book_good "$club"
equal "no page with a name was left behind" "$(find "$club/prints" -name '*.pdf')" ""

# --- one card rejected while the sheet still waits: no paper with it may come out
lpadmin -p odd -o job-hold-until-default=indefinite
{ "${b[@]}" print sheet "${three[@]}" --printer odd & } >/dev/null 2>&1
desk=$!
until_true 60 sh -c "sqlite3 '$club/club.db' 'SELECT count(*) FROM print WHERE state = 1' | grep -qx 3"
kill -KILL "$desk" 2>/dev/null
wait "$desk" 2>/dev/null
expect "one card of a sheet that waits is rejected" "${b[@]}" print reject "${three[1]}" --reason misspelt
equal "then nothing waits there any more" "$(lpstat -W not-completed -o odd | wc -l)" 0
lpadmin -p odd -o job-hold-until-default=no-hold
"${b[@]}" print "${three[0]}" --printer odd >/dev/null 2>&1
equal "the others ended with it, cancelled" "$(book "SELECT group_concat(state || ended, ' ') FROM
	(SELECT * FROM print WHERE sheet <> '' ORDER BY id DESC LIMIT 3)")" "2cancelled 4 2cancelled"

# --- a card on two sheets
{ env LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=2 "${b[@]}" print sheet "${three[@]}" --printer odd; } >/dev/null 2>&1
refuses 1 "another sheet with a card that is on its way" 'در حال چاپ' 'being printed' -C "$club" print sheet "${card[3]}" "${three[0]}" --printer odd
expect "one card of it takes up the whole" jq -e '.exit == 0 and .print_followed and (.print_title | startswith("sheet-"))' \
	<<<"$("${b[@]}" --json print "${three[2]}" --printer odd)"
plan
