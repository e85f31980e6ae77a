# A card through the real pcscd and the real cupsd: keyed by PC/SC name, printed by a queue and
# followed to the job's end, pulled from the reader and healed.
. tests/support/tap.sh
. tests/e2e/station.sh
need pcscd pcscd
need cupsd cups-daemon
need ippeveprinter cups-ipp-utils
need zbarimg zbar-tools
need pdftoppm poppler-utils
need openssl openssl
real_pcscd
cups=$TMPDIR/cups
club=$TMPDIR/club
b=("$bashgah" -C "$club")
reader=(--reader "$vpcd_reader" --wait 20)
trap 'card_off; portal_stop; sh tests/support/cups_stop.sh "$cups"' EXIT

expect "a private CUPS runs with a card printer" sh tests/support/cups_start.sh "$cups"
export CUPS_SERVER=$cups/cups.sock
expect "a club is made" new_club "$club"
expect "the queue is listed and ready" \
	jq -e '.printers[] | select(.name == "card") | .accepting and (.stopped | not)' <<<"$("${b[@]}" --json printers)"
expect "the queue tells its card, its dots and its ribbon in percent" \
	jq -e '.printers[] | select(.name == "card") | .card_size != null and .dpi == [300] and .two_sided and .supplies[0].percent == 37' \
	<<<"$("${b[@]}" --json printers --long)"
for lang in fa en; do
	expect "a stopped printer is started again ($lang)" "${b[@]}" --lang $lang printers resume card-stopped
done
expect "it is stopped no more" jq -e '.printers[] | select(.name == "card-stopped").stopped | not' <<<"$("${b[@]}" --json printers)"
equal "the reader is listed and empty" \
	"$("${b[@]}" --json readers | jq --arg r "$vpcd_reader" '.readers[] | select(.name == $r).card')" false
equal "doctor finds nothing amiss with both services there" \
	"$("${b[@]}" --json doctor | jq -r '[.findings[] | select(.state != "good").about] | join(" ")')" ""

# --- issue: through PC/SC onto the card, through CUPS onto the paper
card_on "$club"
said=$("${b[@]}" --json issue --member 1 "${reader[@]}" --printer card --request i1)
number=$(jq -r .card <<<"$said")
equal "the card is issued over PC/SC and its print ended as done" \
	"$(jq -r '"\(.exit) \(.chip) \(.print_state)"' <<<"$said")" "0 MIFARE DESFire EV1 8K done"
equal "the scheduler has printed one job of two sides" \
	"$(grep -c 'two-sided' "$cups/log/page") $(pdfinfo "$cups/printed/last" | sed -n 's/^Pages: *//p')" "1 2"
pdftoppm -r 300 -png "$cups/printed/last" "$TMPDIR/paper"
url=$(qr "$TMPDIR"/paper*.png)
expect "what the printer got carries the QR" grep -qxE 'https://[A-Z0-9.-]+/C/[A-Z2-7]{26}' <<<"$url"

# --- load, show, the page
said=$("${b[@]}" --json load 50000 "${reader[@]}" --request l1)
equal "500,000 rial are loaded over PC/SC" "$(jq -r '"\(.exit) \(.balance_rial)"' <<<"$said")" "0 500000"
steps=$(jq .apdus <<<"$said")
said=$("${b[@]}" --json show "${reader[@]}")
equal "the card verifies" "$(jq -r '"\(.exit) \(.card) \(.balance_rial) \(.in_book)"' <<<"$said")" \
	"0 $number 500000 true"
portal_start "$club"
expect "the printed QR opens a page that says 500,000 rial" grep -q '500,000 rial' <<<"$(page "$url" en)"
expect "and ۵۰٬۰۰۰ تومان" grep -q '۵۰٬۰۰۰ تومان' <<<"$(page "$url" fa)"
portal_stop

# --- pulled at a command of the write: in doubt, then completed. What is read back comes last.
card_off
card_on "$club" --pull $((steps - 5))
refused=$("${b[@]}" --lang fa --json load 50000 "${reader[@]}" --request l2)
equal "a card pulled while it is written leaves the load in doubt" "$(jq -r '"\(.exit) \(.in_doubt)"' <<<"$refused")" "3 true"
expect "the sentence says to put it back" grep -q 'همان کارت را دوباره' <<<"$(jq -r .sentence <<<"$refused")"
card_off
equal "and it is the card on the list of those that wait" \
	"$("${b[@]}" --json doctor | jq -r '.findings[] | select(.about == "DOCTOR_DOUBTS").state')" warning
card_on "$club"
equal "put back, the same request completes it" \
	"$(field '"\(.exit) \(.balance_rial)"' "${b[@]}" --json load 50000 "${reader[@]}" --request l2)" "0 1000000"
equal "and loads nothing more when asked again" \
	"$(field '"\(.exit) \(.balance_rial)"' "${b[@]}" --json load 50000 "${reader[@]}" --request l2)" "0 1000000"

# --- the card's process killed at some moment of the act, which nobody chose
sum=1000000
doubts=0
for i in $(seq 8); do
	"${b[@]}" --json load 1000 "${reader[@]}" --request "k$i" >"$TMPDIR/kill.json" 2>&1 &
	act=$!
	sleep "0.$(printf %02d $((4 + 2 * i)))"
	card_off -KILL
	wait $act
	code=$?
	[ $code -ne 3 ] || doubts=$((doubts + 1))
	card_on "$club"
	sum=$((sum + 10000))
	got=$(field '"\(.exit) \(.balance_rial)"' "${b[@]}" --json load 1000 "${reader[@]}" --request "k$i")
	[ "$got" = "0 $sum" ] || break
done
equal "killed at eight moments ($doubts in doubt), each load is on the card once" "$got after $i" "0 $sum after 8"
equal "the book says the same, and nothing waits" "$(in_book "$club")" "$sum+0"
expect "journal, intents and ledger agree" book_good "$club"

# --- the printer in trouble, and a job that dies
echo ribbon >"$cups/play"
"${b[@]}" --lang fa print "$number" --printer card >"$TMPDIR/ribbon.out" 2>&1 &
act=$!
expect "staff are told that the ribbon is used up" until_true 120 grep -q 'ریبون' "$TMPDIR/ribbon.out"
touch "$cups/helped"
wait $act
equal "with a new ribbon the card is printed" "$?" 0
echo abort >"$cups/play"
refuses 4 "a print that dies is said" 'چاپگر' 'printer' -C "$club" print "$number" --printer card
echo ok >"$cups/play"
equal "and has moved no money" "$(in_book "$club")" "$sum+0"
expect "printed again it is the same QR" "${b[@]}" print "$number" --printer card
rm -f "$TMPDIR"/paper*
pdftoppm -r 300 -png "$cups/printed/last" "$TMPDIR/paper"
equal "the same address" "$(qr "$TMPDIR"/paper*.png)" "$url"

# --- somebody else's look at the card's signature
card_off
hex() { printf %s "$1" | basenc --base16 -d; }
record=$(jq -r .record <<<"$said")
uid=$(jq -r .uid <<<"$said")
cd "$TMPDIR" || exit 1
{ printf 'bashgah-card-1\0'; hex "$(printf %02X $((${#uid} / 2)))$uid${record:0:128}"; } >signed
hex "${record:128}" >signature
hex "302A300506032B6570032100$(jq -r .signer_public_key <<<"$said")" >signer.der
expect "openssl alone finds the signature of the card's record right" \
	openssl pkeyutl -verify -pubin -keyform DER -inkey signer.der -rawin -in signed -sigfile signature
cd "$OLDPWD" || exit 1
plan
