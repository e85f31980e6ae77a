# A club on key tokens from the command line alone: made, used, examined, its PIN wrong, changed, the token gone.
. tests/support/tap.sh
. tests/e2e/station.sh
need python3 python3
module=/usr/lib/softhsm/libsofthsm2.so
uri="pkcs11:token=station?module-path=$module"
club=$TMPDIR/club
mkdir "$TMPDIR/tokens"
export SOFTHSM2_CONF=$TMPDIR/softhsm2.conf
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$TMPDIR/tokens" >"$SOFTHSM2_CONF"
for label in station root; do
	softhsm2-util --init-token --free --label $label --so-pin 87654321 --pin 140403 >/dev/null
done
printf '140403\n' >"$TMPDIR/pin"
printf '140404\n' >"$TMPDIR/wrong"
printf '270514\n' >"$TMPDIR/fresh"

# with PIN ARGUMENTS...: the program on the club with that PIN on descriptor 3
with() {
	"$bashgah" -C "$club" --passphrase-fd 3 "${@:2}" 3<"$TMPDIR/$1"
}

equal "a wrong PIN makes no club" "$(with wrong --json init --token "$uri" --designs printer/designs | jq .exit)" 4
expect "nor a folder" test ! -e "$club"
equal "a token that is not there is named" \
	"$(with pin --json init --token "${uri/station/other}" --designs printer/designs | jq -r '.exit, .sentence' | grep -c -e '^4$' -e other)" 2
equal "a PIN in the address is refused" "$(with pin --json init --token "$uri&pin-value=140403" --designs printer/designs | jq .exit)" 1
equal "designs that are not there make no club, and leave no key in the token" \
	"$(with pin --json init --token "$uri" --designs "$TMPDIR/none" | jq .exit) $(grep -rl bashgah "$TMPDIR/tokens" | wc -l)" "4 0"
expect "with the right one it is made" with pin init --token "$uri" --designs printer/designs
equal "no key lies in the folder" "$(find "$club/keys" -name '*.safe' -size +1k)" ""
equal "doctor finds nothing bad" "$(with pin --json doctor | jq -r '[.findings[] | select(.state == "bad")] | length')" 0
with pin member add 'سارا احمدی' >/dev/null
equal "a card is issued" "$(with pin --json issue --member 1 | jq .exit)" 0
equal "and loaded" "$(with pin --json load 50000 | jq .balance_rial)" 500000
equal "and shown" "$(with pin --json show | jq .balance_rial)" 500000
for lang in fa en; do
	said=$(setsid -w "$bashgah" -C "$club" --lang $lang show 2>&1 </dev/null)
	equal "without its PIN it says what it needs ($lang)" "$? $(grep -o -e --passphrase-fd <<<"$said")" "4 --passphrase-fd"
done

# change FROM TO [OPTIONS...]
change() {
	"$bashgah" -C "$club" --json --passphrase-fd 3 keys passphrase --new-passphrase-fd 4 "${@:3}" \
		3<"$TMPDIR/$1" 4<"$TMPDIR/$2" | jq .exit
}
equal "who does not know the PIN does not change it" "$(change wrong fresh)" 4
equal "who does, does" "$(change pin fresh)" 0
equal "the old one opens nothing" "$(with pin --json show | jq .exit)" 4
equal "the new one does" "$(with fresh --json show | jq .balance_rial)" 500000
equal "the journal knows of it, and of no PIN" \
	"$(cat "$club/club.db"* | grep -aqF keys.passphrase && echo noted) $(grep -rlE '140403|270514' "$club")" "noted "
mv "$TMPDIR/tokens" "$TMPDIR/away"
mkdir "$TMPDIR/tokens"
equal "without its token it names it" \
	"$(with fresh --json show | jq -r '.exit, .sentence' | grep -c -e '^4$' -e station)" 2
rmdir "$TMPDIR/tokens"
mv "$TMPDIR/away" "$TMPDIR/tokens"
equal "and works on when it is back" "$(with fresh --json load 50000 | jq .balance_rial)" 1000000

# --- a real club, its root in a token of its own, its safe in a file
club=$TMPDIR/real
printf 'korsi daftar abi ghalam\n' >"$TMPDIR/pass"
printf 'kuh barf setare mordad\n' >"$TMPDIR/newpass"
expect "a real club has its root in a token" sh -c '"$1" -C "$2/real" --passphrase-fd 3 init --real --name "باشگاه سپیده" \
	--host club.sepideh.ir --root "$2/root" --root-token "$3" --root-passphrase-fd 4 --designs printer/designs \
	3<"$2/pass" 4<"$2/pin"' _ "$bashgah" "$TMPDIR" "${uri/station/root}"
equal "its PIN is changed as any other" "$(change pin fresh --root "$TMPDIR/root") $(change pin fresh --root "$TMPDIR/root")" "0 4"
equal "the passphrase of its safe too" "$(change pass newpass) $(with pass --json show | jq .exit)" "0 4"
equal "the public words are no passphrase for it" \
	"$(printf 'practice\n' >"$TMPDIR/public"; change newpass public; with newpass --json doctor | jq -r '[.findings[] | select(.state == "bad")] | length')" "4
0"
# --- a real club's card keys in a token: ceremony, drill, card; then its papers, at a desk with another token
token() {
	softhsm2-util --init-token --free --label "$1" --so-pin 87654321 --pin 140403 >/dev/null
}
# people OPTIONS... -- ARGUMENTS...: custodians at the club, its PIN on descriptor 3
people() {
	local play=()
	while [ "$1" != -- ]; do
		play+=("$1")
		shift
	done
	custodians "${play[@]}" -- -C "$club" --json --passphrase-fd 3 "${@:2}" 3<"$TMPDIR/pin"
}
# objects: where the masters are, and how many
objects() { with pin --json keys show | jq -c '[.store, (.generations[].kcv | length)]'; }
token shop
token desk
club=$TMPDIR/shop
printf 'kuh barf setare\n' >"$TMPDIR/rootpass"
expect "a real club has its station's keys in a token" sh -c '"$1" -C "$2/shop" --passphrase-fd 3 init --real --token "$3" \
	--name "باشگاه سپیده" --host club.sepideh.ir --root "$2/shop.root" --root-passphrase-fd 4 --designs printer/designs \
	3<"$2/pin" 4<"$2/rootpass"' _ "$bashgah" "$TMPDIR" "${uri/station/shop}"
with pin member add 'نرگس رضایی' >/dev/null
equal "no masters are in it" "$(with pin --json keys show | jq -c '[.store, .generations]')" '["token",[]]'
people --stop 'سهم ۲ از ۳' -- keys ceremony --custodian سارا --custodian رضا --custodian مینا >/dev/null
equal "nor after a ceremony that was left" "$(with pin --json keys show | jq -c .generations)" '[]'
people --shares "$TMPDIR/papers" -- keys ceremony --custodian سارا --custodian رضا --custodian مینا >"$TMPDIR/json"
equal "a ceremony brings nine masters into the token" "$(jq .exit "$TMPDIR/json") $(objects)" '0 ["token",9]'
equal "with the check values the people saw" \
	"$(with pin --json keys show | jq -c '.generations[0].kcv')" "$(jq -c .kcv "$TMPDIR/json")"
equal "a card waits for the drill" "$(with pin --json issue --member 1 --no-print | jq -r .message)" DRILL_FIRST
equal "two of the papers pass it" "$(people --shares "$TMPDIR/papers" --use 3,1 -- keys drill | jq .exit)" 0
equal "and a card is made" "$(with pin --json issue --member 1 --no-print | jq .exit)" 0
expect "a desk joins with a token of its own" sh -c '"$1" -C "$2/shop" --passphrase-fd 3 club export "$2/club.file" 3<"$2/pin" &&
	"$1" -C "$2/desk" --passphrase-fd 3 keys join "$2/club.file" --role desk --token "$3" --request "$2/request" \
		--designs printer/designs 3<"$2/pin" &&
	"$1" -C "$2/shop" --passphrase-fd 3 keys certify "$2/request" --root "$2/shop.root" --root-passphrase-fd 4 --out "$2/cert" \
		3<"$2/pin" 4<"$2/rootpass" &&
	"$1" -C "$2/desk" --passphrase-fd 3 keys install "$2/cert" 3<"$2/pin"' _ "$bashgah" "$TMPDIR" "${uri/station/desk}"
kcv=$(jq -c '.kcv | {read, debit, write}' "$TMPDIR/json")
club=$TMPDIR/desk
people --shares "$TMPDIR/papers" --use 2 -- keys restore >"$TMPDIR/json"
equal "one paper brings nothing back" "$(jq -r .message "$TMPDIR/json") $(with pin --json keys show | jq -c .generations)" \
	"SHARES_TOO_FEW []"
equal "two bring its role's masters into its token" "$(people --shares "$TMPDIR/papers" --use 2,3 -- keys restore | jq .exit)" 0
equal "three, the same as the shop's" \
	"$(with pin --json keys show | jq -cS '[.store, .role, .generations[0].kcv]')" "$(jq -cS '["token", "desk", .]' <<<"$kcv")"
equal "no word of a paper lies in a club's folder or beside the tokens" \
	"$(jq -r '.[][]' "$TMPDIR/papers" | grep -rlF -f - "$TMPDIR/shop" "$TMPDIR/desk" "$TMPDIR/tokens")" ""

# a practice club may have a passphrase of its own; then it is asked for
club=$TMPDIR/practice
"$bashgah" -C "$club" init --designs printer/designs >/dev/null
equal "a practice club may have words of its own" \
	"$(change public newpass) $(setsid -w "$bashgah" -C "$club" --json show 2>&1 </dev/null | jq .exit) $(with newpass --json doctor | jq '.findings[] | select(.about == "DOCTOR_KEYS").state')" '0 4 "good"'
plan
