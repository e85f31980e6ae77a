#!/bin/bash
# demo.sh BUILD: shows a membership card being made, from an empty folder to the customer's
# page, in BUILD/demo. Every line it prints after a $ is a command that anybody can type.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
bashgah=$build/bashgah
demo=$build/demo
club=$demo/club
portal=

finish() {
	local code=$?
	trap - EXIT INT TERM
	if [ -n "$portal" ]; then
		kill "$portal" 2>/dev/null || true
		wait "$portal" 2>/dev/null || true
	fi
	if [ $code -ne 0 ]; then
		printf '\nنمایش کامل نشد. · The demo did not come to its end (exit %d).\n' $code >&2
	fi
	exit $code
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

bold='' dim='' plain=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi

# step PERSIAN ENGLISH: what happens next
step() {
	printf '\n%s%s%s\n%s%s%s\n' "$bold" "$1" "$plain" "$dim" "$2" "$plain"
}

# run ARGUMENTS...: the program, shown as it is typed, answering in Persian
run() {
	local word shown=
	for word in "$@"; do
		case $word in
		*[!A-Za-z0-9:/._=-]*) shown+=" '$word'" ;;
		*) shown+=" $word" ;;
		esac
	done
	printf '%s$ %s -C %s%s%s\n' "$dim" "$bashgah" "$club" "$shown" "$plain"
	"$bashgah" -C "$club" --lang fa "$@"
}

# must SENTENCE COMMAND...: the demo ends here if this is not so
must() {
	local sentence=$1
	shift
	if "$@" >/dev/null; then
		printf '  ✓ %s\n' "$sentence"
	else
		printf '  ✗ %s\n' "$sentence" >&2
		exit 1
	fi
}

rm -rf "$demo"
mkdir -p "$demo"

step '۱. یک باشگاه تمرینی، بی هیچ پرسشی' \
	'1. A practice club, no questions asked'
run init --designs printer/designs

step '۲. سارا احمدی عضو می‌شود' \
	'2. Sara Ahmadi becomes a member'
run member add 'سارا احمدی' --phone 09121234567

step '۳. کارتش صادر می‌شود: کلیدها و پرونده‌ها روی تراشه، امضا، بازخوانی، چاپ' \
	'3. Her card is issued: keys and files on the chip, signature, read back, print'
run issue --member 09121234567 --reader sim:desfire-ev1

step '۴. ۵۰۰٬۰۰۰ ریال نقد داده است و روی کارت می‌رود' \
	'4. She has paid 500,000 rial; it goes onto the card'
run load '500000 rial' --request demo-load-1

step '۵. آنچه روی کارت است، خوانده و سنجیده، برای برنامه‌های دیگر' \
	'5. What is on the card, read and verified, for other programs'
printf '%s$ %s -C %s --json show%s\n' "$dim" "$bashgah" "$club" "$plain"
"$bashgah" -C "$club" --json show >"$demo/show.json"
jq -r '"  card \(.card)  chip \(.chip)  change \(.sequence)  balance_rial \(.balance_rial)"' "$demo/show.json"
must 'روی کارت و در دفتر ۵۰۰٬۰۰۰ ریال است · card and book hold 500,000 rial' \
	jq -e '.exit == 0 and .in_book and .balance_rial == 500000 and .value_steps == 50000' "$demo/show.json"

step '۶. مشتری رمزینهٔ پشت کارت چاپ‌شده را می‌خواند' \
	'6. The customer scans the QR on the back of the printed card'
cp "$club"/prints/*-front.png "$demo/card-front.png"
cp "$club"/prints/*-back.png "$demo/card-back.png"
cp "$club"/prints/*.pdf "$demo/card.pdf"
url=$(zbarimg --raw -q --nodbus -Sdisable -Sqrcode.enable "$demo/card-back.png" 2>/dev/null)
printf '  %s\n' "$url"

"$bashgah" -C "$club" --json portal --port 0 --name 'باشگاه تمرینی' >"$demo/portal.json" &
portal=$!
for _ in $(seq 100); do
	if [ -s "$demo/portal.json" ] || ! kill -0 $portal 2>/dev/null; then
		break
	fi
	sleep 0.05
done
here=$(jq -nr 'input.listening' "$demo/portal.json")
page=${here%/}/${url#https://*/}
for lang in fa en; do
	curl -fsS --noproxy '*' -H "Accept-Language: $lang" -o "$demo/page-$lang.html" "$page"
done
must 'صفحهٔ مشتری: طلب شما از فروشگاه ۵۰٬۰۰۰ تومان' grep -q '۵۰٬۰۰۰ تومان' "$demo/page-fa.html"
must "the customer's page: what the shop owes you, 50,000 toman" grep -q '50,000 toman' "$demo/page-en.html"
must 'نشانی ساختگی همان پاسخ بی‌طرف را می‌گیرد · an invented address learns nothing' \
	test "$(curl -s --noproxy '*' -o "$demo/page-unknown.html" -w '%{http_code}' "${here}C/AAAAAAAAAAAAAAAAAAAAAAAAAA")" = 404

step '۷. دفتر، رویدادها و حساب‌ها به هم می‌خوانند' \
	'7. Book, journal and ledger agree'
"$bashgah" -C "$club" --json doctor >"$demo/doctor.json"
must 'زنجیرهٔ رویدادها و جمع حساب‌ها درست است · the journal chain and the sums hold' \
	jq -e '[.findings[] | select(.about == "DOCTOR_BOOK")][0].state == "good"' "$demo/doctor.json"

step 'تمام شد. با چشم خودتان ببینید:' \
	'Done. See for yourself:'
cat <<END
  روی کارت · front            $demo/card-front.png
  پشت کارت · back             $demo/card-back.png
  برای چاپگر · for a printer   $demo/card.pdf
  صفحهٔ مشتری · the page       $demo/page-fa.html  $demo/page-en.html

  زنده در مرورگر · live in a browser:
    $bashgah -C $club portal
    http://127.0.0.1:8420/${url#https://*/}
END
