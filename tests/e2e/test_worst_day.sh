# The worst day, as staff work it: a backup, more business, the station is stolen; back from the backup, in practice
# and for a real club with its root and its custodians' shares.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq

one=$TMPDIR/one
back=$TMPDIR/back
first=("$bashgah" -C "$one")
again=("$bashgah" -C "$back")

# says LANG SENTENCE PART COMMAND...: in that language the answer has this part
says() {
	local lang=$1 sentence=$2 part=$3
	shift 3
	expect "$sentence" grep -qF -e "$part" <<<"$("$@" --lang "$lang" 2>&1)"
}

new_club "$one"
expect "a card is issued" new_card "$one"
expect "and loaded" "${first[@]}" load 50000
expect "the club is backed up" "${first[@]}" backup "$TMPDIR/day.backup"
equal "only its owner reads the backup" "$(stat -c %a "$TMPDIR/day.backup")" 600
refuses 1 "a backup is never written over another" 'از پیش' 'already' -C "$one" backup "$TMPDIR/day.backup"
expect_code 1 "no name can be read in it" grep -aq 'احمدی' "$TMPDIR/day.backup"
expect "business goes on" "${first[@]}" load 20000
expect "a head of the journal leaves the station" "${first[@]}" head export "$TMPDIR/last.head"
equal "the audit goes through it" \
	"$(field '"\(.exit) \(.lost_rows)"' "${first[@]}" --json audit --head "$TMPDIR/last.head")" "0 0"
refuses 1 "no head, no audit against it" 'سرِ دفتر نیست' 'not the head of a journal' -C "$one" audit --head "$TMPDIR/day.backup"

# --- gone
refuses 1 "a club that knows more is not written over" 'بیشتر می‌داند' 'knows more' restore "$TMPDIR/day.backup" "$one"
mkdir -p "$TMPDIR/pocket"
mv "$one/cards" "$TMPDIR/pocket/"
rm -rf "$one"
refuses 4 "what is no backup brings nothing back" 'نسخهٔ پشتیبان باشگاه نیست' 'is not a backup' restore "$TMPDIR/last.head" "$back"
head -c 3000 "$TMPDIR/day.backup" >"$TMPDIR/cut.backup"
refuses 4 "nor does half of one" 'نسخهٔ پشتیبان' 'backup' restore "$TMPDIR/cut.backup" "$back"
expect_code 1 "and no folder is left" test -e "$back"
equal "the station comes back, and knows what it lost" "$(field '"\(.exit) \(.certified) \(.lost_rows)"' \
	"$bashgah" --json restore "$TMPDIR/day.backup" "$back" --head "$TMPDIR/last.head")" "0 true 2"
cp "$TMPDIR"/pocket/cards/*.card "$back/cards/"
equal "its card brings back what it knows" "$(field '"\(.adopted) \(.balance_rial)"' "${again[@]}" --json show)" "true 700000"
equal "once" "$(field .adopted "${again[@]}" --json show)" false
equal "it waits to be looked at" "$(field '"\(.cards | length) \(.cards[0].amount_rial)"' "${again[@]}" --json review)" "1 200000"
says fa "in Persian" '۲۰٬۰۰۰ تومان بیشتر' "${again[@]}" review
says en "in English" '20,000 toman more' "${again[@]}" review
expect "somebody looks" "${again[@]}" review --done
equal "nothing waits" "$(field '.cards | length' "${again[@]}" --json review)" 0
expect "cards are loaded" "${again[@]}" load 10000
expect "and issued" new_card "$back" --reader sim:desfire-ev1:B
equal "the old head is told from a cut" "$(field .lost_rows "${again[@]}" --json audit --head "$TMPDIR/last.head")" 2
expect "the station may be backed up again" "${again[@]}" backup "$TMPDIR/next.backup"

# --- a real club
pass=$TMPDIR/pass
root_pass=$TMPDIR/root-pass
echo 'quiet green river stones' >"$pass"
echo 'loud red mountain sand' >"$root_pass"
real=$TMPDIR/real
expect "a real club is made" "$bashgah" -C "$real" --passphrase-fd 3 init --real --name 'باشگاه سپیده' --host club.sepideh.ir \
	--root "$TMPDIR/root.safe" --root-passphrase-fd 4 --designs printer/designs 3<"$pass" 4<"$root_pass"
expect "its card keys are made and proven" real_keys "$real" "$pass"
expect "a member" "$bashgah" -C "$real" --passphrase-fd 3 member add 'سارا احمدی' 3<"$pass"
expect "a card" "$bashgah" -C "$real" --passphrase-fd 3 issue --member 1 --no-print --quick 3<"$pass"
expect "a backup" "$bashgah" -C "$real" --passphrase-fd 3 backup "$TMPDIR/real.backup" 3<"$pass"
expect "money after it" "$bashgah" -C "$real" --passphrase-fd 3 load 50000 3<"$pass"
mv "$real/cards" "$TMPDIR/pocket/real"
rm -rf "$real"
echo 'some other words here' >"$TMPDIR/wrong"
refuses_pass() {
	expect_code "$1" "$2" "$bashgah" --passphrase-fd 3 restore "$TMPDIR/real.backup" "$real" 3<"$3"
}
refuses_pass 4 "another passphrase does not open it" "$TMPDIR/wrong"
expect "it comes back with its root at hand" "$bashgah" --passphrase-fd 3 restore "$TMPDIR/real.backup" "$real" \
	--root "$TMPDIR/root.safe" --root-passphrase-fd 4 3<"$pass" 4<"$root_pass"
mkdir -p "$real/cards"
cp "$TMPDIR"/pocket/real/*.card "$real/cards/"
expect_code 4 "without card keys it reads no card" "$bashgah" -C "$real" --passphrase-fd 3 show 3<"$pass"
expect "its custodians bring them back" custodians --shares "$real.papers" --use 2,1 -- -C "$real" --passphrase-fd 3 keys restore 3<"$pass"
equal "the card is adopted with its money" "$(field '"\(.adopted) \(.balance_rial)"' "$bashgah" -C "$real" --json --passphrase-fd 3 show 3<"$pass")" \
	"true 500000"
expect "and loaded" "$bashgah" -C "$real" --passphrase-fd 3 load 10000 3<"$pass"

# --- the thief may have had the passphrase: new card keys, which are good once their shares have been tried
told() { field '"\(.exit) \(.roll) \(.key_generation) \(.roll_due)"' "$bashgah" -C "$real" --json --passphrase-fd 3 "$@" 3<"$pass"; }
expect "the next keys are made" custodians --shares "$TMPDIR/next.papers" -- -C "$real" --passphrase-fd 3 keys ceremony --next \
	--custodian 'سارا احمدی' --custodian 'رضا کریمی' 3<"$pass"
equal "no card gets keys whose shares nobody has tried" "$(told load 10000)" "0 none 1 true"
expect "they are tried" custodians --shares "$TMPDIR/next.papers" --use 1,2 -- -C "$real" --passphrase-fd 3 keys drill 3<"$pass"
equal "then the card gets them at its tap" "$(told show)" "0 done 2 false"
plan
