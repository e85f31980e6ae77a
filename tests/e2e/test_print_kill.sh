# The station killed between every two steps of a print, before the eyes of a real scheduler: the same
# request again finds the job by its title, or hands it over; never two jobs, never none.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq
need cc gcc
cups=$TMPDIR/cups
sh tests/support/cups_start.sh "$cups" || { not_ok "a scheduler starts"; plan; }
trap 'sh tests/support/cups_stop.sh "$cups"' EXIT
export CUPS_SERVER=$cups/cups.sock
club=$TMPDIR/club
b=("$bashgah" -C "$club" --lang en)
new_club "$club"
expect "the killer is built" cc -shared -fPIC -o "$TMPDIR/kill.so" tests/e2e/kill_at.c

# issue REQUEST [VARIABLES...]: a card without a chip, printed; its title is noted in the book
issue() {
	local request=$1
	shift
	env "$@" "${b[@]}" --json issue --member 1 --reader none --printer card --request "$request"
}
# jobs: how many the scheduler has seen; came_out: titles of the cards that came out of the printer, in order of titles
jobs() { lpstat -W all -o card | wc -l; }
came_out() { sort "$cups/printed/titles"; }

# --- how many steps there are
said=$(issue count LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=0 KILL_COUNT="$TMPDIR/steps")
steps=$(cat "$TMPDIR/steps")
equal "an undisturbed issue prints one card" "$(jq -r '"\(.exit) \(.print_state)"' <<<"$said") $(jobs)" "0 done 1"
expect "its steps are seen ($steps)" test "$steps" -ge 5
expect "it waits for somebody to look" jq -e .print_to_confirm <<<"$said"

# --- killed before each of them
struck=0
for ((n = 1; n <= steps; n++)); do
	issue "k$n" LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=$n >/dev/null 2>&1
	[ $? -ne 137 ] || struck=$((struck + 1))
done
equal "the killing struck before every step" "$struck" "$steps"

# --- the same requests again, two at once as two desks would
bad=''
for ((n = 1; n <= steps; n++)); do
	issue "k$n" >"$TMPDIR/one" &
	issue "k$n" >"$TMPDIR/two"
	wait $!
	for answer in one two; do
		[ "$(jq -r '"\(.exit) \(.print_state)"' "$TMPDIR/$answer")" = "0 done" ] ||
			bad+="killed before step $n: $(jq -c '[.exit, .print_state, .sentence]' "$TMPDIR/$answer"); "
	done
done
equal "the same request again ends well" "$bad" ""
equal "one card for each request" "$(sqlite3 "$club/club.db" 'SELECT count(*) FROM card')" $((steps + 1))
equal "one job for each card, no more and no less" "$(jobs)" $((steps + 1))
equal "what came out of the printer is what the book says, each once" \
	"$(came_out)" "$(sqlite3 "$club/club.db" "SELECT title FROM print WHERE state = 2 AND ended = 'done' ORDER BY 1")"
expect "journal, intents and ledger agree" book_good "$club"
equal "no page with a name was left behind" "$(find "$club/prints" -name '*.pdf')" ""

# --- print again, killed right after the plan; then the queue is asked by plain `print`
number=$(jq -r .card <<<"$said")
before=$(jobs)
{ env LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=2 "${b[@]}" print "$number" --printer card; } >/dev/null 2>&1
equal "killed with a print planned, nothing was handed over" \
	"$(jobs) $(sqlite3 "$club/club.db" 'SELECT count(*) FROM print WHERE state = 0')" "$before 1"
equal "doctor names what waits" "$(field '[.findings[] | select(.about == "DOCTOR_PRINTS").state][0]' "${b[@]}" --json doctor)" warning
equal "print hands that one over" \
	"$(field '"\(.exit) \(.print_state) \(.print_followed)"' "${b[@]}" --json print "$number" --printer card)" "0 done true"
equal "once" "$(jobs)" $((before + 1))

# --- rejected while it still waits at the queue: it may not come out beside the next
lpadmin -p card -o job-hold-until-default=indefinite
before=$(sqlite3 "$club/club.db" 'SELECT max(id) FROM print')
"${b[@]}" print "$number" --printer card >/dev/null 2>&1 &
desk=$!
for ((n = 0; n < 600; n++)); do
	waits=$(sqlite3 "$club/club.db" "SELECT title FROM print WHERE id > $before AND state = 1")
	[ -z "$waits" ] || break
	sleep 0.05
done
kill -KILL "$desk" 2>/dev/null
wait "$desk" 2>/dev/null
expect "a print waits at the queue" test -n "$waits"
expect "staff reject it" "${b[@]}" print reject "$waits" --reason misspelt
equal "then nothing waits there any more" "$(lpstat -W not-completed -o card | wc -l)" 0
lpadmin -p card -o job-hold-until-default=no-hold
expect "and the next is another" "${b[@]}" print "$number" --printer card

# --- what staff saw
expect "staff confirm a card by its number" "${b[@]}" print confirm "$number"
refuses 1 "a print is confirmed once" 'پیش‌تر' 'already' -C "$club" print confirm "$number"
expect "and may reject it later all the same" "${b[@]}" print reject "$number" --reason scratched
refuses 1 "a rejected one stays so" 'پیش‌تر' 'already' -C "$club" print confirm "$number"
refuses 2 "a reason nobody has" 'reason' 'reason' -C "$club" print reject "$number" --reason ugly
refuses 1 "another fault needs words" 'note' 'note' -C "$club" print reject \
	"$(sqlite3 "$club/club.db" 'SELECT title FROM print WHERE state = 2 LIMIT 1')" --reason other
refuses 1 "a print nobody knows" 'دفتر' 'no print' -C "$club" print confirm card-none

# --- paper that lost its secret
before=$(jobs)
for i in 1 2; do
	equal "a new address and new paper, asked for $i times under one name" \
		"$(field '"\(.exit) \(.print_state)"' "${b[@]}" --json print "$number" --new-token --printer card --request paper)" "0 done"
done
equal "one card came out for it" "$(jobs)" $((before + 1))
equal "and the page knows the new address alone" \
	"$(sqlite3 "$club/view.db" 'SELECT count(*) FROM card WHERE open = 0') $(sqlite3 "$club/club.db" "SELECT count(*) FROM token WHERE card = $((10#$number))")" "1 2"
expect "prints are listed with what they cost" "${b[@]}" prints cost --ribbon 30000 --card 12000
equal "rejects and prints done again are counted" \
	"$(field '"\(.counts.again) \(.counts.rejected)"' "${b[@]}" --json prints --today)" "4 2"
plan
