# The worst day of a club of two stations, step by step: the first is stolen and revoked at the second, comes back as a
# new incarnation, the lists stay fresh, new card keys are made, and cards move to them at their taps.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq

one=$TMPDIR/one
two=$TMPDIR/two
back=$TMPDIR/back
pocket=$TMPDIR/pocket
first=("$bashgah" -C "$one")
second=("$bashgah" -C "$two")
again=("$bashgah" -C "$back")

# The customers carry their cards from one station to the other.
carry() {
	rm -f "$pocket"/*
	cp "$1"/cards/*.card "$pocket/"
	mkdir -p "$2/cards"
	cp "$pocket"/*.card "$2/cards/"
}

# the card that was loaded after the head left
late=(--reader sim:desfire-ev1:late)

# bring FROM TO: the lists of one station come to the other
bring() {
	"$bashgah" -C "$1" lists export "$TMPDIR/lists" >/dev/null && "$bashgah" -C "$2" lists import "$TMPDIR/lists" >/dev/null
}

# what a tap tells of card and chain; of the keys on it
trusted() { field '"\(.exit) \(.trust) \(.signer.revoked) \(.balance_rial)"' "$@"; }
keys() { field '"\(.exit) \(.roll) \(.key_generation) \(.roll_due)"' "$@"; }

# --- before: two stations, a root elsewhere, a backup and a head that left in time
mkdir -p "$pocket"
new_club "$one"
expect "the root lies elsewhere" cp "$one/keys/root.safe" "$TMPDIR/root.safe"
root=(--root "$TMPDIR/root.safe")
expect "a second station joins and makes cards" sh -c "'$bashgah' -C '$one' club export '$TMPDIR/club.file' &&
	'$bashgah' -C '$two' keys join '$TMPDIR/club.file' --role issuer --request '$TMPDIR/two.request' --designs printer/designs &&
	'$bashgah' -C '$one' keys certify '$TMPDIR/two.request' --out '$TMPDIR/two.cert' &&
	'$bashgah' -C '$two' keys install '$TMPDIR/two.cert' --practice-safe '$one/keys/station.safe'"
expect "the first issues a card" new_card "$one"
expect "and another" new_card "$one" "${late[@]}"
expect "the first card is loaded" "${first[@]}" load 50000
expect "the club is backed up" "${first[@]}" backup "$TMPDIR/day.backup"
expect "a head of the journal leaves the station" "${first[@]}" head export "$TMPDIR/last.head"
expect "the other card is loaded after that" "${first[@]}" load 20000 "${late[@]}"
carry "$one" "$two"
equal "the second station trusts what the first wrote" "$(trusted "${second[@]}" --json show)" "0 full false 500000"

# --- stolen: the second station, with the root, says so
rm -rf "$one"
expect "the first is revoked at the second" "${second[@]}" keys revoke 1 --reason stolen --head "$TMPDIR/last.head" "${root[@]}"
expect "the second keeps the hot list from now on" "${second[@]}" lists keep
expect "and dates it" "${second[@]}" lists renew
equal "a card of the stolen station is known by its number there" "$(trusted "${second[@]}" --json show)" "0 identity true 500000"
refuses 1 "it is not loaded there" 'فقط شمارهٔ کارت' 'only its number' -C "$two" load 10000
equal "and its keys stay as they are" "$(keys "${second[@]}" --json show)" "0 none 1 false"

# --- it comes back as a new incarnation, and takes the lists
equal "the first comes back, and knows what it lost" "$(field '"\(.exit) \(.certified) \(.lost_rows)"' \
	"$bashgah" --json restore "$TMPDIR/day.backup" "$back" --head "$TMPDIR/last.head")" "0 true 0"
carry "$two" "$back"
expect "the lists come to it" bring "$two" "$back"
expect "its new key is not the revoked one" "${again[@]}" member add 'رضا'
equal "what was written up to the head stays good" "$(trusted "${again[@]}" --json show)" "0 full true 500000"
equal "what came later does not" "$(trusted "${again[@]}" --json show "${late[@]}")" "0 identity true 200000"
refuses 1 "it is not loaded" 'فقط شمارهٔ کارت' 'only its number' -C "$back" load 10000 "${late[@]}"

# --- new card keys; the thief may have the old ones
equal "the next generation is made" "$(field .generation "${again[@]}" --json keys next)" 2
equal "a good card moves to it at its tap, with the money it came for" "$(keys "${again[@]}" --json load 10000)" "0 done 2 false"
equal "a card in question does not" "$(keys "${again[@]}" --json show "${late[@]}")" "0 none 1 true"
expect "a manager looks at it" "${again[@]}" resign --manager --reason 'papers of the till' "${late[@]}"
equal "its money is in the book, to be looked at" "$(field '"\(.cards | length) \(.cards[0].amount_rial)"' "${again[@]}" --json review)" "1 200000"
equal "now it is as good as any" "$(keys "${again[@]}" --json load 10000 "${late[@]}" | cut -d' ' -f1,3,4)" "0 2 false"
equal "with all its money" "$(trusted "${again[@]}" --json show "${late[@]}")" "0 full false 300000"

# --- the second station follows
carry "$back" "$two"
refuses 4 "the second is not given the new keys yet, and says so" 'نسل ۲' 'generation 2' -C "$two" show
expect "it gets them" "${second[@]}" keys install "$TMPDIR/two.cert" --practice-safe "$back/keys/station.safe"
equal "it trusts what the new incarnation signs" "$(trusted "${second[@]}" --json show)" "0 full false 600000"
equal "both cards" "$(trusted "${second[@]}" --json show "${late[@]}")" "0 full false 300000"
expect "the second's own cards are loaded: its list is fresh" sh -c "'$bashgah' -C '$two' member add 'مینا' --json | jq .id >'$TMPDIR/mina' &&
	'$bashgah' -C '$two' issue --member \$(cat '$TMPDIR/mina') --no-print --quick --reader sim:desfire-ev1:mina &&
	'$bashgah' -C '$two' load 10000 --reader sim:desfire-ev1:mina"
expect "and the lists reach the first again" bring "$two" "$back"
expect "where loads go on" "${again[@]}" load 10000
book_good "$back" && ok "the restored book is sound" || not_ok "the restored book is sound"
book_good "$two" && ok "the second's book is sound" || not_ok "the second's book is sound"
plan
