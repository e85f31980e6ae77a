# A club of two stations, as staff work it: join, certificate, lists, a hot card, a stolen station.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq

one=$TMPDIR/one
two=$TMPDIR/two
first=("$bashgah" -C "$one")
second=("$bashgah" -C "$two")

new_club "$one"
expect "the first station issues a card" new_card "$one"
expect "and loads it" "${first[@]}" load 50000
number=$(field .card "${first[@]}" --json show)

# --- the second station
expect "the club file is written" "${first[@]}" club export "$TMPDIR/club.file"
expect "a second station is made from it" "${second[@]}" keys join "$TMPDIR/club.file" --role desk \
	--request "$TMPDIR/two.request" --designs printer/designs
refuses 1 "without its certificate it serves nobody" 'گواهی ندارد' 'has no certificate yet' -C "$two" show
expect "the certificate is given where the root is" "${first[@]}" keys certify "$TMPDIR/two.request" --out "$TMPDIR/two.cert"
refuses 1 "a file is never overwritten with a certificate" 'از پیش' 'already' -C "$one" keys certify "$TMPDIR/two.request" \
	--out "$TMPDIR/two.cert"
refuses 1 "another station's certificate is not taken" 'برای ایستگاه' 'is for station' -C "$two" keys install "$one/keys/station.cert"
expect "its own is taken, with the practice keys" "${second[@]}" keys install "$TMPDIR/two.cert" \
	--practice-safe "$one/keys/station.safe"
refuses 1 "the second station gives no certificates" 'نخستین ایستگاه' 'first station' -C "$two" keys certify "$TMPDIR/two.request" \
	--root "$one/keys/root.safe" --out "$TMPDIR/x.cert"
equal "both are of one club" "$(field .root "${first[@]}" --json club export "$TMPDIR/again.file")" \
	"$(od -An -v -tx1 "$two/keys/root.pub" | tr -d ' \n' | tr a-f A-F)"

# --- one card at both
mkdir -p "$two/cards"
cp "$one"/cards/*.card "$two/cards/"
equal "the second station shows the first's card" "$(on_card "$two")" "0 500000"
equal "and says who signed it" "$(field '"\(.signer.station) \(.signer.role) \(.signer.revoked) \(.trust)"' \
	"${second[@]}" --json show)" "1 issuer false full"
refuses 1 "but does not load it" 'حساب آن در ایستگاه' 'its account is kept at station' -C "$two" load 50000
expect "it enrols members" "${second[@]}" member add 'رضا'
refuses 1 "but issues them no cards" 'اجازهٔ این کار را نمی‌دهد' 'does not allow this step' -C "$two" issue --member 1000001 --no-print

# --- a hot card
refuses 2 "a hot card needs a reason" 'دلیل' 'reason' -C "$one" hot add "$number"
expect "the card is reported stolen" "${first[@]}" hot add "$number" --reason stolen
refuses 1 "it is refused where it was reported" 'کارت‌های ممنوع' 'on the hot list' -C "$one" show
equal "the second does not know yet" "$(on_card "$two")" "0 500000"
expect "the lists leave" "${first[@]}" lists export "$TMPDIR/lists"
expect "and arrive" "${second[@]}" lists import "$TMPDIR/lists"
refuses 1 "now it is refused there, too" 'کارت‌های ممنوع' 'on the hot list' -C "$two" load 50000
refuses 1 "only the keeper changes the list" 'اجازهٔ این کار را نمی‌دهد' 'does not allow this step' -C "$two" hot remove "$number"
expect "the card was found" "${first[@]}" hot remove "$number"
refuses 1 "a list that is damaged is none" 'آسیب دیده' 'damaged' -C "$two" lists import "$TMPDIR/club.file"
cp "$TMPDIR/lists" "$TMPDIR/older"
expect "the newer lists arrive" sh -c "'$bashgah' -C '$one' lists export '$TMPDIR/lists' && '$bashgah' -C '$two' lists import '$TMPDIR/lists'"
refuses 1 "the older ones are refused" 'تازه‌تر نیست' 'is older than' -C "$two" lists import "$TMPDIR/older"
equal "the card is good again" "$(on_card "$two")" "0 500000"

# --- the second station is stolen
refuses 2 "a revocation says up to where" 'head' 'journal is trusted' -C "$one" keys revoke 2 --reason stolen
expect "it is revoked" "${first[@]}" keys revoke 2 --reason stolen --head none
refuses 1 "once" 'از پیش' 'already' -C "$one" keys revoke 2 --reason stolen --head none
expect "the lists say so" sh -c "'$bashgah' -C '$one' lists export '$TMPDIR/lists' && '$bashgah' -C '$two' lists import '$TMPDIR/lists'"
equal "the journal of the first holds every step" "$(sqlite3 "file:$one/club.db?mode=ro" \
	"SELECT group_concat(kind, ' ') FROM (SELECT kind FROM journal WHERE kind LIKE 'keys.%' OR kind LIKE 'hot.%' OR kind = 'club.export' ORDER BY seq)")" \
	"club.export keys.certify club.export hot.add hot.remove keys.revoke"
expect "doctor at the stolen station says it" sh -c "'$bashgah' -C '$two' --json doctor | jq -e '.findings[] | select(.about == \"DOCTOR_LISTS\") | .state == \"bad\"'"
refuses 1 "nobody is signed again without need" 'همین‌طور که هست' 'good as it is' -C "$one" resign --manager --reason why
book_good "$one" && ok "the first book is sound" || not_ok "the first book is sound"
book_good "$two" && ok "the second book is sound" || not_ok "the second book is sound"
plan
