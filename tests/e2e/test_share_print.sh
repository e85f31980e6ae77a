# Shares of the keys on paper out of a printer: only through a scheduler that is proven to keep no pages, past every file
# of ours; and when it is over no word sequence of a share lies anywhere in the computer.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq
need python3 python3
need pdftotext poppler-utils
cups=$TMPDIR/cups club=$TMPDIR/club paper=$TMPDIR/paper
sh tests/support/cups_start.sh "$cups" || { not_ok "a scheduler starts"; plan; }
mkdir "$paper" "$TMPDIR/folder"
mkfifo "$TMPDIR/hold"
python3 tests/support/socket_printer.py "$paper" <"$TMPDIR/hold" &
exec 9>"$TMPDIR/hold"	# the printer lives as long as this script
trap 'sh tests/support/cups_stop.sh "$cups"; exec 9>&-' EXIT
export CUPS_SERVER=$cups/cups.sock
expect "a printer is there" until_true 60 test -s "$paper/port"
lpadmin -p paper -E -v "socket://127.0.0.1:$(cat "$paper/port")" -m raw 2>/dev/null
lpadmin -p tofile -E -v "file:$TMPDIR/folder/pages" -m raw 2>/dev/null
lpadmin -p share -E -v "lpd://127.0.0.1/queue" -m raw 2>/dev/null
new_club "$club"
rows() { sqlite3 "file:$club/club.db?mode=ro" 'SELECT count(*) FROM journal'; }
two=(--custodian 'سارا احمدی' --custodian Reza)
# holding FOLDERS...: files in which a line of a share can be read, as they are or as pages
holding() {
	find "$@" -type f | while read -r file; do
		{
			cat "$file"
			pdftotext -layout "$file" - 2>/dev/null
		} | tr -s ' ' ' ' | grep -aqF -f "$TMPDIR/lines" && echo "$file"
	done
}

# --- printed
custodians --pages "$paper" --shares "$TMPDIR/papers" --screen "$TMPDIR/screen" --forget -- -C "$club" --lang en --json \
	keys ceremony --next "${two[@]}" --print paper >"$TMPDIR/json"
equal "shares come out of the printer, and their check words are typed back" \
	"$(jq -r '"\(.exit) \(.generation) \(.shares) \(.needed)"' "$TMPDIR/json")" "0 2 2 2"
equal "a page for each, no more" "$(find "$paper" -name 'page-*' | wc -l)" 2
expect "a word typed wrong is named by its line, and nothing is printed again for it" \
	grep -q 'last word of line 5' "$TMPDIR/screen"
pdftotext "$paper/page-2" "$TMPDIR/page.txt"
for said in 'Share 2 of 2, kept by Reza' 'Key generation 2, set [0-9A-F]{8}: any 2 of the 2 shares'; do
	expect "the page says: $said" grep -qE "$said" "$TMPDIR/page.txt"
done
equal "it is A4" "$(pdfinfo "$paper/page-1" | grep -c 'A4')" 1
jq -r '.[][]' "$TMPDIR/papers" >"$TMPDIR/lines"
mv "$TMPDIR/papers" "$TMPDIR/lines" "$paper"	# what is on paper is not in the computer
ln -s "$paper/lines" "$TMPDIR/lines"
equal "nine lines a share" "$(wc -l <"$paper/lines")" 18
equal "the search sees them on the pages" "$(holding "$paper" | grep -c page-)" 2
equal "no line of a share lies in club, spool, logs or temporary files" \
	"$(holding "$club" "$cups" "$TMPDIR/screen" "$TMPDIR/json" "$TMPDIR/folder")" ""
equal "the drill passes with the printed pages" \
	"$(custodians --shares "$paper/papers" --use 1,2 -- -C "$club" --json keys drill | jq .exit)" 0
custodians --stop 'چاپگر' -- -C "$club" keys ceremony --next "${two[@]}" --print paper >/dev/null 2>&1
expect "a Persian page has Persian words" sh -c 'pdftotext "$1" - | grep -qP "[\x{600}-\x{6FF}]{3}"' _ "$paper/page-3"

# --- refused
before=$(rows)
refuses 1 "a folder is no printer for shares" 'پرونده' 'end in a file' -C "$club" keys ceremony --next "${two[@]}" \
	--print "file:$TMPDIR/folder"
refuses 1 "nor is a queue that ends in a file" 'پرونده' 'end in a file' -C "$club" keys ceremony --next "${two[@]}" --print tofile
refuses 1 "nor another computer" 'رایانهٔ دیگری' 'another computer' -C "$club" keys ceremony --next "${two[@]}" --print share
sh tests/support/cups_set.sh "$cups" PreserveJobFiles Yes
sh tests/support/cups_again.sh "$cups"
refuses 1 "a scheduler that keeps pages gets no share" 'نگه می‌دارد' 'PreserveJobFiles' -C "$club" keys ceremony --next \
	"${two[@]}" --print paper
equal "nothing was printed, made or noted" \
	"$(find "$paper" -name 'page-*' | wc -l) $(ls "$TMPDIR/folder") $(rows)" "3  $before"
lp -d paper "$paper/page-1" >/dev/null
expect "such a one would have kept it, and the search would have seen it" \
	until_true 60 sh -c "ls '$cups'/spool/d*"
equal "in its spool" "$(holding "$cups" | grep -c "^$cups/spool/d")" 1
plan
