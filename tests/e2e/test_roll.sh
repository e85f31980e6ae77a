# Generations of card keys from the command line: made, renewed at a tap, due where a station may
# not, killed and pulled in the middle. What was asked is done whatever becomes of the keys.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq
club=$TMPDIR/club
desk=$TMPDIR/desk
new_club "$club"
new_card "$club"

# the card's keys, as the program tells it: what happened, generation, due
told() { field '"\(.exit) \(.roll) \(.key_generation) \(.roll_due)"' "$bashgah" "$@"; }

equal "a card of the newest generation is left alone" "$(told -C "$club" --json show)" "0 none 1 false"
equal "the next generation has its number" "$(field .generation "$bashgah" -C "$club" --json keys next)" 2
is() { [ "${1#*"$2"}" != "$1" ]; }
expect "it is said in Persian" is "$("$bashgah" -C "$club" --lang fa keys next)" 'نسل ۳'
real=$TMPDIR/real
printf 'a real secret\n' >"$TMPDIR/pass"
"$bashgah" -C "$real" init --real --root "$TMPDIR/real.root" --name 'باشگاه' --host CLUB.EXAMPLE --designs printer/designs \
	--passphrase-fd 3 --root-passphrase-fd 4 3<"$TMPDIR/pass" 4<"$TMPDIR/pass" >"$TMPDIR/real.out" 2>&1
refuses 1 "a real club's keys come out of a ceremony" 'مراسم' 'ceremony' -C "$real" keys next

# --- a station that may not
"$bashgah" -C "$club" club export "$TMPDIR/club.file" >/dev/null &&
	"$bashgah" -C "$desk" keys join "$TMPDIR/club.file" --role desk --request "$TMPDIR/request" --designs printer/designs >/dev/null &&
	"$bashgah" -C "$club" keys certify "$TMPDIR/request" --out "$TMPDIR/cert" >/dev/null &&
	"$bashgah" -C "$desk" keys install "$TMPDIR/cert" --practice-safe "$club/keys/station.safe" >/dev/null
equal "a desk of the club is made" $? 0
mkdir -p "$desk/cards"
cp "$club"/cards/*.card "$desk/cards/"
equal "a desk says that a roll is due" "$(told -C "$desk" --json show)" "0 none 1 true"
expect "it says so in English" is "$("$bashgah" -C "$desk" --lang en show 2>&1)" 'Roll due'
expect "it says so in Persian" is "$("$bashgah" -C "$desk" --lang fa show 2>&1)" 'نوبت تازه‌شدن کلیدهای این کارت'

# --- a tap where it may
equal "a load renews the keys, two generations at once" "$(told -C "$club" --json load 50000)" "0 done 3 false"
equal "the money is on the card, and in the book" "$(on_card "$club") $(in_book "$club")" "0 500000 500000+0"
equal "nothing is left to do" "$(told -C "$club" --json show)" "0 none 3 false"

# --- a station that has not been given the newest generation
"$bashgah" -C "$club" keys next >/dev/null
"$bashgah" -C "$club" show >/dev/null
cp "$club"/cards/*.card "$desk/cards/"
refuses 4 "a generation nobody brought here is named" 'نسل ۴' 'generation 4' -C "$desk" show

# --- pulled and killed in the roll of a show
"$bashgah" -C "$club" keys next >/dev/null
cp -a "$club" "$TMPDIR/due"
steps=$(field .apdus "$bashgah" -C "$club" --json show)
again() { rm -rf "$1" && cp -a "$TMPDIR/due" "$1"; }
bad=
for ((n = 20; n <= steps; n += 9)); do
	again "$TMPDIR/pulled"
	"$bashgah" -C "$TMPDIR/pulled" --json show --reader "sim:desfire-ev1,pull=${n}w" >/dev/null
	got=$?:$(told -C "$TMPDIR/pulled" --json show)
	case $got in
	0:'0 healed 5 false' | 0:'0 done 5 false' | 1:'0 done 5 false') ;;
	*) bad+="at $n: $got; " ;;
	esac
	[ "$(on_card "$TMPDIR/pulled")" = "0 500000" ] && book_good "$TMPDIR/pulled" || bad+="at $n: book; "
done
equal "a show pulled in the roll is done, and the next one ends the roll" "$bad" ""
bad=
for i in 1 3 5 7; do
	again "$TMPDIR/killed"
	"$bashgah" -C "$TMPDIR/killed" --json show >/dev/null 2>&1 &
	sleep "0.0$((i * 9 + 10))"
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
	got=$(field '"\(.exit) \(.key_generation) \(.roll_due) \(.balance_rial)"' "$bashgah" -C "$TMPDIR/killed" --json show)
	[ "$got" = "0 5 false 500000" ] && book_good "$TMPDIR/killed" || bad+="$i: $got; "
done
equal "killed at four moments, the next show ends what was begun" "$bad" ""
plan
