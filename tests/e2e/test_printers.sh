# Printers as staff meet them: with drivers of their own, of one side, with options, stopped; through the
# real cupsd and its filters.
. tests/support/tap.sh
. tests/e2e/station.sh
need cupsd cups-daemon
need ippeveprinter cups-ipp-utils
need gs ghostscript
cups=$TMPDIR/cups
club=$TMPDIR/club
b=("$bashgah" -C "$club")
trap 'sh tests/support/cups_stop.sh "$cups"' EXIT

expect "a private CUPS runs" sh tests/support/cups_start.sh "$cups"
expect "with printers that have drivers" sh tests/support/cups_ppd.sh "$cups"
export CUPS_SERVER=$cups/cups.sock
expect "a club is made" new_club "$club"
expect "a card is issued" "${b[@]}" issue --member 1 --reader none --no-print
number=$("${b[@]}" --json member show 1 | jq -r '.cards[0].card')

# refuses CODE SENTENCE FA EN COMMAND...: both languages say it
refuses() {
	local code=$1 sentence=$2 fa=$3 en=$4
	shift 4
	expect_code "$code" "$sentence is refused" "${b[@]}" "$@"
	expect "$sentence is said in Persian" grep -qF -- "$fa" <<<"$("${b[@]}" --lang fa "$@" 2>&1)"
	expect "$sentence is said in English" grep -qF -- "$en" <<<"$("${b[@]}" --lang en "$@" 2>&1)"
}

# --- what the scheduler keeps
spool() { "${b[@]}" --json --lang "$1" doctor 2>/dev/null | jq -r '.findings[] | select(.about == "DOCTOR_SPOOL") | .state + " " + .sentence'; }
equal "doctor is content with a scheduler that keeps no pages" "$(spool fa)" "good "
sh tests/support/cups_set.sh "$cups" PreserveJobFiles Yes
for lang in fa en; do
	expect "it warns of kept pages, which hold names ($lang)" grep -q '^warning .*PreserveJobFiles' <<<"$(spool $lang)"
done
sh tests/support/cups_set.sh "$cups" PreserveJobFiles No PreserveJobHistory No
for lang in fa en; do
	expect "and of a history that is not kept ($lang)" grep -q '^warning .*PreserveJobHistory' <<<"$(spool $lang)"
done
sh tests/support/cups_set.sh "$cups" PreserveJobHistory Yes

# --- what they offer
expect "each queue tells its card by size, its dots, sides, panels and supplies" jq -e '
	(.printers[] | select(.name == "odd") | .card_size == "custom_53.98x85.6mm_53.98x85.6mm" and .dpi == [300, 600] and .two_sided
		and ([.options[] | select(.about == "ribbon").choices[].name] == ["YMCKO", "KO"])) and
	(.printers[] | select(.name == "rio") | (.two_sided | not) and ([.options[] | select(.about == "panel").name] | index("StpLaminate") != null)) and
	(.printers[] | select(.name == "card").supplies[0] == {"name": "YMCKO ribbon", "percent": 37})' \
	<<<"$("${b[@]}" --json printers --long)"
expect "in Persian, too" grep -q 'YMCKO ribbon، ۳۷٪' <<<"$("${b[@]}" --lang fa printers --long)"
expect "and in English" grep -q '53.98 × 85.6 mm, taken for cards' <<<"$("${b[@]}" --lang en printers --long)"

# --- one side
refuses 4 "both sides on a printer of one side" '--side back' '--side back' print "$number" --printer rio
refuses 2 "a side there is not" 'both' 'both' print "$number" --printer rio --side left
expect "the front is printed" "${b[@]}" print "$number" --printer rio --side front
expect "then the back" "${b[@]}" print "$number" --printer rio --side back
expect "the driver sent a card" grep -qaF 'SZB682752' "$cups/rio.out"

# --- options
refuses 1 "an option the printer has not" 'Ribon' 'Ribon' print "$number" --printer odd --printer-option Ribon=KO
refuses 1 "a value the option has not" 'YMCKO, KO' 'YMCKO, KO' print "$number" --printer odd --printer-option OCRibbon=YM
refuses 2 "an option without a value" 'NAME=VALUE' 'NAME=VALUE' print "$number" --printer odd --printer-option OCRibbon
expect "options the printer has go through" \
	"${b[@]}" print "$number" --printer odd --printer-option OCRibbon=KO,Resolution=600dpi
equal "to the driver, with the card in its own size: 600 dots, 153 points" \
	"$(od -An -tu4 -j280 -N4 "$cups/odd.out" | tr -d ' ') $(od -An -tu4 -j356 -N4 "$cups/odd.out" | tr -d ' ') $(od -An -tu4 -j384 -N4 "$cups/odd.out" | tr -d ' ')" \
	"600 153 2"

# --- stopped
refuses 4 "a stopped printer" 'printers resume' 'printers resume card-stopped' print "$number" --printer card-stopped
expect "it is started again" "${b[@]}" printers resume card-stopped
expect "and runs" jq -e '.printers[] | select(.name == "card-stopped").stopped | not' <<<"$("${b[@]}" --json printers)"
refuses 4 "a printer that is not there" 'nosuch' 'nosuch' printers resume nosuch

# --- slips and sheets
mkdir "$TMPDIR/paper"
for lang in fa en; do
	said=$("${b[@]}" --json printers test --printer "file:$TMPDIR/paper" --card-lang $lang)
	pdftoppm -r 203 -png "$TMPDIR/paper/$(jq -r .print_title <<<"$said").pdf" "$TMPDIR/slip-$lang"
	equal "the code on a slip can be scanned ($lang)" "$(qr "$TMPDIR/slip-$lang"*.png)" \
		"https://EXAMPLE.COM/C/AAAAAAAAAAAAAAAAAAAAAAAAAA"
done
said=$("${b[@]}" --json printers test --printer "file:$TMPDIR/paper" --escpos)
equal "a slip in ESC/POS begins with a reset and dots of 72 bytes a row" \
	"$(od -An -tx1 -N8 "$TMPDIR/paper/$(jq -r .print_title <<<"$said").raw" | tr -d ' ')" "1b401d7630004800"
# a receipt printer on the network: it takes what comes
python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
c = s.accept()[0]
with open(sys.argv[1], "wb") as f:
	while d := c.recv(65536):
		f.write(d)' "$TMPDIR/thermal.out" >"$TMPDIR/thermal.port" &
thermal=$!
until_true 60 test -s "$TMPDIR/thermal.port"
lpadmin -p thermal -E -v "socket://127.0.0.1:$(cat "$TMPDIR/thermal.port")" -m raw 2>/dev/null
expect "it goes to a printer without a driver as it is" "${b[@]}" printers test --printer thermal --escpos
wait "$thermal"
equal "and arrives whole, to the cut" "$(tail -c 7 "$TMPDIR/thermal.out" | od -An -tx1 | tr -d ' ')" "1b64041d564200"
said=$("${b[@]}" --json printers test --printer "file:$TMPDIR/paper" --sheet)
equal "a sheet is A4, front and back" "$(pdfinfo "$TMPDIR/paper/$(jq -r .print_title <<<"$said").pdf" |
	sed -n 's/^Pages: *//p; s/^Page size: .*(\(.*\))/\1/p' | tr '\n' ' ')" "2 A4 "
expect "a queue that has A4 takes it" "${b[@]}" printers test --printer odd --sheet
refuses 4 "a sheet on a card printer" 'میلی‌متر' '210 × 297' printers test --printer rio --sheet
refuses 2 "a test of no printer" '--printer' '--printer' printers test
plan
