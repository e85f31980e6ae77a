# The program killed, and the card pulled, at moments of issue and load: a second run completes
# what the first began, once. Never 0 rial, never twice the money.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq

# exits CODE...: pulls beyond the last command end with 0, those before the first byte with 1, some with 3
exits() { printf '%s\n' "$@" | sort -u | grep -vx '[01]' | tr '\n' ' '; }

# --- a card pulled at every fifth command of an issue, with and without the card's answer lost
new_club "$TMPDIR/base"
steps=$(field .apdus "$bashgah" -C "$TMPDIR/base" --json issue --member 1 --no-print --reader sim:desfire-ev1:count)
codes=() bad=
for ((n = 2; n <= steps + 3; n += 5)); do
	slot=sim:desfire-ev1:i$n
	how=$n
	[ $((n % 2)) -eq 0 ] || how=${n}w
	"$bashgah" -C "$TMPDIR/base" --json issue --member 1 --no-print --request "i$n" \
		--reader "$slot,pull=$how" >"$TMPDIR/pull.json"
	codes+=($?)
	got=$(field '"\(.exit) \(.card)"' "$bashgah" -C "$TMPDIR/base" --json issue --member 1 --no-print \
		--request "i$n" --reader "$slot")
	seen=$(field '"\(.exit) \(.card) \(.balance_rial)"' "$bashgah" -C "$TMPDIR/base" --json show --reader "$slot")
	[ "$seen" = "$got 0" ] && [ "${got%% *}" = 0 ] || bad+="at $how: $got, then $seen; "
done
equal "an issue pulled at any sampled command of $steps is completed by the next" "$bad" ""
equal "such pulls are refused before the first byte, and in doubt after it" "$(exits "${codes[@]}")" "3 "
equal "each chip has one card in service" \
	"$(sqlite3 "$TMPDIR/base/club.db" 'SELECT count(*) FROM (SELECT uid FROM card WHERE state = 1 GROUP BY uid HAVING count(*) > 1)')" 0
expect "journal, intents and ledger agree" book_good "$TMPDIR/base"

# --- a load pulled at every command, completed by the same request
steps=$(field .apdus "$bashgah" -C "$TMPDIR/base" --json load 1000 --reader sim:desfire-ev1:count)
new_card "$TMPDIR/base"
codes=() bad='' sum=0
for ((n = 1; n <= steps + 2; n++)); do
	how=$n
	[ $((n % 2)) -eq 0 ] || how=${n}w
	"$bashgah" -C "$TMPDIR/base" --json load 50000 --request "l$n" --reader "sim:desfire-ev1,pull=$how" >"$TMPDIR/pull.json"
	codes+=($?)
	sum=$((sum + 500000))
	got=$(field '"\(.exit) \(.balance_rial)"' "$bashgah" -C "$TMPDIR/base" --json load 50000 --request "l$n")
	[ "$got" = "0 $sum" ] || bad+="at $how: $got, not $sum; "
done
equal "a load pulled at each command of $steps is on the card once" "$bad" ""
equal "such pulls are refused before the first byte, and in doubt after it" "$(exits "${codes[@]}")" "3 "
expect "journal, intents and ledger agree" book_good "$TMPDIR/base"

# --- without a request id, the next presentation itself completes it
new_club "$TMPDIR/show"
new_card "$TMPDIR/show"
expect_code 3 "a load is pulled while it is written" \
	"$bashgah" -C "$TMPDIR/show" load 50000 --reader "sim:desfire-ev1,pull=$((steps - 5))"
equal "the book holds the money for the card meanwhile" "$(in_book "$TMPDIR/show")" "0+500000"
equal "showing the card completes it" \
	"$(field '"\(.exit) \(.healed) \(.balance_rial)"' "$bashgah" -C "$TMPDIR/show" --json show)" "0 written 500000"
equal "the book says the same" "$(in_book "$TMPDIR/show")" "500000+0"
expect_code 3 "another load loses the card's last answer" \
	"$bashgah" -C "$TMPDIR/show" load 50000 --reader "sim:desfire-ev1,pull=$((steps - 1))w"
expect_code 0 "the next run heals it" "$bashgah" -C "$TMPDIR/show" show
equal "1,000,000 rial after two loads" "$(on_card "$TMPDIR/show") $(in_book "$TMPDIR/show")" "0 1000000 1000000+0"

# --- kill -9 at moments nobody chose: from the first milliseconds to after the end
# killed_run DELAY ARGUMENTS...
killed_run() {
	local delay=$1 pid
	shift
	"$bashgah" "$@" >"$TMPDIR/killed.json" 2>&1 &
	pid=$!
	sleep "$delay"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
}
bad='' struck=0
for i in $(seq 24); do
	club=$TMPDIR/kill-$i
	cp -a "$TMPDIR/fresh" "$club" 2>/dev/null || { new_club "$TMPDIR/fresh"; cp -a "$TMPDIR/fresh" "$club"; }
	killed_run "0.$(printf %03d $((3 + i * 6)))" -C "$club" --json issue --member 1 --no-print --request i
	[ $? -ne 137 ] || struck=$((struck + 1))
	got=$("$bashgah" -C "$club" --json issue --member 1 --no-print --request i | jq -r '"\(.exit) \(.card)"')
	killed_run "0.$(printf %03d $((3 + i * 4)))" -C "$club" --json load 50000 --request l
	[ $? -ne 137 ] || struck=$((struck + 1))
	load=$(field '"\(.exit) \(.balance_rial)"' "$bashgah" -C "$club" --json load 50000 --request l)
	seen=$(field '"\(.exit) \(.card) \(.balance_rial)"' "$bashgah" -C "$club" --json show)
	if [ "$load" != "0 500000" ] || [ "$seen" != "$got 500000" ] || [ "$(in_book "$club")" != "500000+0" ] ||
		! book_good "$club"; then
		bad+="$i: issue $got, load $load, show $seen, book $(in_book "$club"); "
		cp -a "$club" "$TMPDIR/bad-$i"
	fi
	rm -rf "$club"
done
equal "killed at 48 moments, the same requests make one card with 500,000 rial" "$bad" ""
expect "and the killing did strike ($struck times)" test $struck -ge 8

# --- killed while it prints: the card stays, the print is repeated
killed_run 0.4 -C "$TMPDIR/fresh" --json issue --member 1 --request p
number=$(field .card "$bashgah" -C "$TMPDIR/fresh" --json issue --member 1 --request p --no-print)
expect "a card whose print was killed is printed later" "$bashgah" -C "$TMPDIR/fresh" print "$number"
equal "no half-written page lies about" \
	"$(find "$TMPDIR/fresh/prints" -name '*.pdf' -exec sh -c 'pdfinfo "$1" >/dev/null 2>&1 || echo "$1"' _ {} \;)" ""

# --- killed while it makes the club
bad=''
for i in 1 2 3 4 5 6 7 8; do
	club=$TMPDIR/init-$i
	killed_run "0.0$((i * 11))" -C "$club" init --designs printer/designs
	said=$("$bashgah" -C "$club" --lang en init --designs printer/designs 2>&1)
	case $?:$said in
	0:* | 1:*) ;;
	*) bad+="$i: $said; " ;;
	esac
	if ! "$bashgah" -C "$club" member add 'سارا احمدی' >/dev/null 2>&1; then
		rm -rf "$club"
		new_club "$club" || bad+="$i: no second club; "
	fi
done
equal "an init cut short is refused with a sentence or finished; never half a club" "$bad" ""
plan
