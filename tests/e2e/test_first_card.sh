# A card from an empty folder to the customer's page, with the software card as the reader.
. tests/support/tap.sh
. tests/e2e/station.sh
need zbarimg zbar-tools
need curl curl
need jq jq
need pdfinfo poppler-utils
trap portal_stop EXIT
club=$TMPDIR/club
b=("$bashgah" -C "$club")

expect "a practice club is made without a question" "${b[@]}" init --designs printer/designs
equal "it says that it is one" "$("${b[@]}" --json doctor | jq -r '[.findings[] | select(.state == "bad")] | length')" 0
expect "a member is enrolled" "${b[@]}" member add 'سارا احمدی' --phone '۰۹۱۲ ۱۲۳ ۴۵۶۷' --tier gold
equal "she is found by another spelling of her name" \
	"$(field '.members[0].id' "${b[@]}" --json member find 'سارا احمدي')" 1

# --- issue
said=$("${b[@]}" --json issue --member 09121234567 --request issue-1)
expect_code 0 "the card is issued" test "$(jq .exit <<<"$said")" = 0
number=$(jq -r .card <<<"$said")
expect "its number has sixteen digits" grep -qxE '[0-9]{16}' <<<"$number"
equal "its chip is the one in the reader" "$(jq -r .chip <<<"$said")" "MIFARE DESFire EV1 8K"
equal "it holds nothing yet" "$(jq .balance_rial <<<"$said")" 0
equal "the print ended as done" "$(jq -r .print_state <<<"$said")" "done"
front=$(jq -r .png_front <<<"$said")
back=$(jq -r .png_back <<<"$said")
pdf=$(jq -r .pdf <<<"$said")
equal "the page for the printer is a card, front and back" \
	"$(pdfinfo "$pdf" | sed -nE 's/^(Pages|Page size): +//p' | tr '\n' ' ')" "2 242.646 x 153.014 pts "
url=$(qr "$back" "$front")
expect "the picture's QR is an address in the QR's own alphabet" \
	grep -qxE 'https://[A-Z0-9.-]+/C/[A-Z2-7]{26}' <<<"$url"
equal "an issue asked again is the same card" \
	"$(field '"\(.repeated) \(.card) \(.exit)"' "${b[@]}" --json issue --member 09121234567 --request issue-1 --no-print)" \
	"true $number 0"

# --- load
said=$("${b[@]}" --json load 50000 --request load-1)
equal "50,000 toman are 500,000 rial on the card" "$(jq -r '"\(.exit) \(.balance_rial) \(.repeated)"' <<<"$said")" "0 500000 false"
event=$(jq -r .event <<<"$said")
again=$("${b[@]}" --json load 50000 --request load-1)
equal "the same request again has the same answer" \
	"$(jq -r '"\(.exit) \(.repeated) \(.event) \(.balance_rial)"' <<<"$again")" "0 true $event 500000"
equal "and the card holds no more" "$(on_card "$club")" "0 500000"
refuses 1 "the same request for another amount is refused" 'load-1' 'load-1' -C "$club" load 60000 --request load-1
for i in 1 2 3; do
	"${b[@]}" --json load 50000 --request load-1 >"$TMPDIR/press-$i" &
	press[i]=$!
done
wait "${press[@]}"
equal "a button pressed three times at once loads once" \
	"$(cat "$TMPDIR"/press-* | jq -rs '[.[] | "\(.exit) \(.event)"] | unique | join(",")')" "0 $event"
equal "card: 500,000 rial" "$(on_card "$club")" "0 500000"
equal "book: 500,000 rial, nothing waiting" "$(in_book "$club")" "500000+0"

# --- show
said=$("${b[@]}" --json show)
equal "what the card says is signed, ours and of this card" \
	"$(jq -r '"\(.card) \(.in_book) \(.sequence) \(.value_steps) \(.test)"' <<<"$said")" "$number true 2 50000 true"
for lang in fa en; do
	expect "show says so ($lang)" grep -qE '^(امضا درست است|The signature is right)' \
		<<<"$("${b[@]}" --lang $lang show)"
done

# --- the page
portal_start "$club"
fa=$(page "$url" fa-IR,fa)
en=$(page "$url" en-GB,en)
expect "it says 50,000 toman in Persian" grep -q '۵۰٬۰۰۰ تومان' <<<"$fa"
expect "and 500,000 rial" grep -q '۵۰۰٬۰۰۰ ریال' <<<"$fa"
expect "it says 50,000 toman in English" grep -q '50,000 toman' <<<"$en"
expect "and 500,000 rial in English" grep -q '500,000 rial' <<<"$en"
expect "it says her tier" grep -q 'طلایی' <<<"$fa"
expect_code 1 "it says no name" grep -q 'سارا\|احمدی' <<<"$fa$en"
expect_code 1 "and no number of a card" grep -qE "$number|${number:0:4} ${number:4:4}" <<<"$fa$en"
expect_code 22 "another address has no page" page "https://X/C/AAAAAAAAAAAAAAAAAAAAAAAAAA" fa
expect "the next load is on the page at once" "${b[@]}" load '۱۰٬۰۰۰ تومان' --request load-2
expect "60,000 toman" grep -q '۶۰٬۰۰۰ تومان' <<<"$(page "$url" fa)"
portal_stop
equal "the page's process ends when told" "$?" 0

# --- printed again, read by another program
said=$("${b[@]}" --json print "$number" --card-lang en)
equal "a second print has the same QR" "$(qr "$(jq -r .png_back <<<"$said")" "$(jq -r .png_front <<<"$said")")" "$url"
expect "journal, intents and ledger agree" book_good "$club"

# --- a card without a chip
said=$("${b[@]}" --json issue --member 1 --reader none)
paper=$(jq -r .card <<<"$said")
equal "a card without a chip is issued and printed" "$(jq -r '"\(.exit) \(.print_state)"' <<<"$said")" "0 done"
equal "it is loaded by its number" \
	"$(field '"\(.exit) \(.balance_rial)"' "${b[@]}" --json load 50000 --reader none --card "$paper" --request paper-1)" "0 500000"
equal "shown by its number, typed in groups" \
	"$(field '"\(.exit) \(.balance_rial)"' "${b[@]}" --json show --reader none --card "${paper:0:4} ${paper:4:4} ${paper:8:4} ${paper:12}")" "0 500000"
portal_start "$club"
expect "and says 50,000 toman" grep -q '۵۰٬۰۰۰ تومان' \
	<<<"$(page "$(qr "$(jq -r .png_back <<<"$said")" "$(jq -r .png_front <<<"$said")")" fa)"
plan
