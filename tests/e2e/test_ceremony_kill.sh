# A ceremony killed between any two of its last steps: the row in the journal, the keys in the store, the row that says so. The
# store has all keys of the generation or none, the papers are good in either case, and it may be held again.
. tests/support/tap.sh
. tests/e2e/station.sh
need cc gcc
need jq jq
need python3 python3
expect "the killer is built" cc -shared -fPIC -o "$TMPDIR/kill.so" tests/e2e/kill_at.c
new_club "$TMPDIR/first"
two=(--custodian سارا --custodian رضا)
# hold CLUB [VARIABLES...]: the ceremony of its next generation; the papers lie in CLUB.papers
hold() {
	local club=$1
	shift
	env "$@" python3 tests/support/custodians.py --shares "$club.papers" -- "$bashgah" -C "$club" --json keys ceremony --next \
		"${two[@]}"
}
# held CLUB: keys of each generation that the store has; acts CLUB: what the journal says of generation 2
held() { "$bashgah" -C "$1" --json keys show | jq -c '[.generations[].kcv | length]'; }
acts() { sqlite3 "file:$1/club.db?mode=ro" "SELECT kind FROM journal WHERE kind LIKE 'keys.%' ORDER BY seq" | tr '\n' ' '; }
drill() { custodians --shares "$1.papers" --use 1,2 -- -C "$1" --json keys drill | jq -r '"\(.exit) \(.generation)"'; }

# --- how many steps
cp -r "$TMPDIR/first" "$TMPDIR/whole"
equal "an undisturbed one ends well" \
	"$(hold "$TMPDIR/whole" LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=0 KILL_COUNT="$TMPDIR/steps" | jq .exit) $(held "$TMPDIR/whole")" "0 [9,9]"
equal "its acts are noted in order" "$(acts "$TMPDIR/whole")" "keys.ceremony keys.import "
steps=$(cat "$TMPDIR/steps")

# --- before the first row: nothing was
club=$TMPDIR/before
cp -r "$TMPDIR/first" "$club"
hold "$club" LD_PRELOAD="$TMPDIR/kill.so" KILL_AT=$((steps - 1)) >/dev/null 2>&1
equal "killed with every paper proven and no row: no keys, no row" "$(held "$club") $(acts "$club")" "[9] "
equal "its papers are of a ceremony that never was" "$(drill "$club")" "1 null"

# --- between the row and the keys
club=$TMPDIR/between
cp -r "$TMPDIR/first" "$club"
hold "$club" LD_PRELOAD="$TMPDIR/kill.so" KILL_RENAME=/station.safe >/dev/null 2>&1
equal "killed between the row and the keys: the row, and not one key" "$(held "$club") $(acts "$club")" "[9] keys.ceremony "
cp -r "$club" "$TMPDIR/again"
cp "$club.papers" "$TMPDIR/again.papers"
equal "a drill says that the store has no such keys" \
	"$(custodians --shares "$club.papers" --use 1,2 -- -C "$club" --lang en --json keys drill | jq -r '"\(.exit) \(.sentence)"' |
		grep -cE '^1 .*generation 2')" 1
equal "its papers bring them, all of them" \
	"$(custodians --shares "$club.papers" --use 2,1 -- -C "$club" --json keys restore | jq .exit) $(held "$club")" "0 [9,9]"
equal "and pass the drill" "$(drill "$club")" "0 2"
club=$TMPDIR/again
equal "or the ceremony is held again" "$(hold "$club" | jq -r '"\(.exit) \(.generation)"') $(held "$club")" "0 2 [9,9]"
equal "and the new papers pass the drill" "$(drill "$club")" "0 2"
equal "the old ones are named as another ceremony's" \
	"$(custodians --shares "$TMPDIR/between.papers" --use 1 -- -C "$club" --json keys drill | jq -r .exit)" 1

# --- between the keys and the row that says so
club=$TMPDIR/after
cp -r "$TMPDIR/first" "$club"
hold "$club" LD_PRELOAD="$TMPDIR/kill.so" KILL_AT="$steps" >/dev/null 2>&1
equal "killed after the keys: every key, and no row of it" "$(held "$club") $(acts "$club")" "[9,9] keys.ceremony "
refuses 1 "a ceremony without --next says that the keys are there" '۲' 'generation 2 already' -C "$club" keys ceremony "${two[@]}"
equal "the papers pass the drill" "$(drill "$club")" "0 2"
expect "and a card is made with them" new_card "$club"
for club in before between again after; do
	expect "journal, intents and sums are in order ($club)" book_good "$TMPDIR/$club"
done
plan
