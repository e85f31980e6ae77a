# A real club's keys by the people who keep them: ceremony, drill, restore at another station, and all that may
# go wrong while they type. docs/keys.md walks the same way.
. tests/support/tap.sh
. tests/e2e/station.sh
need python3 python3
shop=$TMPDIR/shop
echo rud-kuh-dasht-abr >"$TMPDIR/pass"
echo kuh-barf-setare-mah >"$TMPDIR/rootpass"
# at SHOP ARGUMENTS...: the program with the passphrase
at() {
	"$bashgah" -C "$1" --passphrase-fd 3 "${@:2}" 3<"$TMPDIR/pass"
}
# people OPTIONS... -- SHOP ARGUMENTS...: the same with people at the screen
people() {
	local play=()
	while [ "$1" != -- ]; do
		play+=("$1")
		shift
	done
	custodians "${play[@]}" -- -C "$2" --passphrase-fd 3 "${@:3}" 3<"$TMPDIR/pass"
}
shown() { sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' "$TMPDIR/screen"; }
rows() { sqlite3 "file:$1/club.db?mode=ro" 'SELECT count(*) FROM journal'; }
expect "a real club is made" sh -c '"$1" -C "$2" --passphrase-fd 3 init --real --name "باشگاه سپیده" \
	--host club.sepideh.ir --root "$3/root" --root-passphrase-fd 4 --designs printer/designs 3<"$3/pass" 4<"$3/rootpass"' \
	_ "$bashgah" "$shop" "$TMPDIR"
"$bashgah" -C "$shop" member add 'نرگس رضایی' >/dev/null

# --- what is the same in a practice club, whose safe opens at once
other=$TMPDIR/other
"$bashgah" -C "$other" init --designs printer/designs >/dev/null
equal "one person alone must say so" \
	"$("$bashgah" -C "$other" --json keys ceremony --next --custodian سارا | jq -r '"\(.exit) \(.message)"')" "1 CEREMONY_ALONE"
before=$(rows "$other")
custodians --stop 'سهم ۲ از ۲' -- -C "$other" --json keys ceremony --next --custodian سارا --custodian رضا >"$TMPDIR/json"
equal "people who leave in the middle leave nothing" \
	"$(jq -r '"\(.exit) \(.message)"' "$TMPDIR/json") $(rows "$other")" "1 TALK_ENDED $before"
custodians --shares "$TMPDIR/foreign" -- -C "$other" --lang en keys ceremony --next --custodian A --custodian B >/dev/null
equal "one share is too few" \
	"$(custodians --shares "$TMPDIR/foreign" --use 2 -- -C "$other" --json keys drill | jq -r '"\(.exit) \(.message)"')" \
	"1 SHARES_TOO_FEW"
jq '.[1][4] |= (split(" ") | .[2] = (if .[2] == "apple" then "acorn" else "apple" end) | join(" "))' \
	"$TMPDIR/foreign" >"$TMPDIR/slip"
custodians --shares "$TMPDIR/foreign" --use 2 --also "$TMPDIR/slip:2" --screen "$TMPDIR/screen" \
	--stop 'یکی از کلمه‌های سطر ۵' -- -C "$other" keys drill >/dev/null 2>&1
expect "a share with one wrong word is found at its line" grep -q 'یکی از کلمه‌های سطر ۵ درست نیست' <(shown)
equal "English words do for a drill" "$(custodians --shares "$TMPDIR/foreign" --use 2,1 -- -C "$other" --json keys drill | jq .exit)" 0

# --- before the keys
equal "it has no keys" "$(at "$shop" --json keys show | jq -c '[.store, .test, .generations]')" '["file",false,[]]'
equal "and makes no card" "$(at "$shop" --json issue --member 1 --no-print | jq -r '"\(.exit) \(.message)"')" "1 NO_KEYS_YET"
before=$(rows "$shop") safe=$(sha256sum <"$shop/keys/station.safe")
people --kill 'سهم ۳ از ۳' -- "$shop" --json keys ceremony --custodian سارا --custodian رضا --custodian مینا \
	>/dev/null
equal "killed in the middle the store is the very same, and no row was written" \
	"$(sha256sum <"$shop/keys/station.safe") $(rows "$shop")" "$safe $before"

# --- the ceremony, in Persian, with a word copied wrong
people --shares "$TMPDIR/papers" --screen "$TMPDIR/screen" --forget -- "$shop" --json keys ceremony \
	--custodian سارا --custodian رضا --custodian مینا >"$TMPDIR/json"
equal "three custodians get a share each, two are needed" \
	"$(jq -r '"\(.exit) \(.generation) \(.shares) \(.needed) \(.people | join(" "))"' "$TMPDIR/json")" \
	"0 1 3 2 سارا رضا مینا"
expect "a copy that is not right is named by its line" grep -q 'کلمهٔ آخر سطر ۵ درست نیست' <(shown)
equal "no word of a share stands in the club's folder" \
	"$(jq -r '.[][]' "$TMPDIR/papers" | grep -rlF -f - "$shop")" ""
equal "the journal has the people and no more than check values of the keys" \
	"$(sqlite3 "$shop/club.db" "SELECT body FROM journal WHERE kind = 'keys.ceremony'" |
		jq -r '"\(.people) \(.kcvs)"' | tr '\n' ' ')" \
	"سارا رضا مینا $(jq -r '[.kcv[]] | join("")' "$TMPDIR/json") "
kcv=$(jq -c .kcv "$TMPDIR/json")
equal "a card waits for the drill" \
	"$(at "$shop" --json issue --member 1 --no-print | jq -r '"\(.exit) \(.message)"')" "1 DRILL_FIRST"

# --- the drill, and what may be wrong with a paper
people --shares "$TMPDIR/papers" --also "$TMPDIR/foreign:2" --also "$TMPDIR/papers:1" --use 1,3 --slip 4 \
	--screen "$TMPDIR/screen" --terminal -- "$shop" keys drill >"$TMPDIR/out"
equal "at a terminal, two good shares pass the drill whatever else was typed" "$?" 0
expect "a practice club's share is named" grep -q 'سهم ۲ مال باشگاه تمرینی است' <(shown)
expect "so is one that is typed twice" grep -q 'سهم ۱ یک بار نوشته شده است' <(shown)
expect "two exchanged words too" grep -q 'سطر ۴' <(shown)
at "$shop" --json keys show >"$TMPDIR/json"
equal "the drill is on record with its people" \
	"$(jq -r '.generations[0].drill.people | join(" ")' "$TMPDIR/json")" "سارا مینا"
equal "check values are the same on screen, in the answer and in the store" \
	"$(jq -c '.generations[0].kcv' "$TMPDIR/json")" "$kcv"
equal "and the first card is made" "$(at "$shop" --json issue --member 1 --no-print | jq .exit)" 0

# --- the next generation: two components, one person, less on a card
one=0123456789ABCDEF0123456789abcdef0123456789ABCDEF0123456789ABCDEF
two=F123456789ABCDEF0123456789abcdef0123456789ABCDEF0123456789ABCDEF
kcv() {
	head -c 16 /dev/zero | openssl mac -cipher AES-256-CBC -macopt "hexkey:$1" -in - CMAC | cut -c1-6
}
people --terminal --shares "$TMPDIR/alone" --screen "$TMPDIR/screen" --place 'bank box' --component $one:000000 \
	--component "$one:$(kcv $one)" --component "$two:$(kcv $two)" -- "$shop" --lang en keys ceremony --next \
	--alone --custodian Sara --components
equal "one person makes the next keys out of two components" "$?" 0
equal "no component is shown on the terminal" "$(grep -ciE "$one|$two" "$TMPDIR/screen")" 0
expect "its check value is" grep -q "check value is $(kcv $one)" <(shown)
equal "the place of the share outside is in the journal" \
	"$(sqlite3 "$shop/club.db" "SELECT body FROM journal WHERE kind = 'keys.ceremony' ORDER BY seq DESC LIMIT 1" |
		jq -r '"\(.generation) \(.persons) \(.kept_outside)"')" "2 1 bank box"
equal "a card may then hold no more than 50,000,000 rial" \
	"$(at "$shop" --json load '50000010 rial' | jq -r '"\(.exit) \(.message)"')" "1 ALONE_CARD_FULL"

# --- restore at another station, which gets what its role needs
expect "the club writes what a new station must know" at "$shop" club export "$TMPDIR/club.file"
expect "a till joins" sh -c '"$1" -C "$2/till" --passphrase-fd 3 keys join "$2/club.file" --role till \
	--request "$2/request" --designs printer/designs 3<"$2/pass"' _ "$bashgah" "$TMPDIR"
expect "the root certifies it" sh -c '"$1" -C "$2/shop" --passphrase-fd 3 keys certify "$2/request" --root "$2/root" \
	--root-passphrase-fd 4 --out "$2/cert" 3<"$2/pass" 4<"$2/rootpass"' _ "$bashgah" "$TMPDIR"
expect "it takes the certificate" at "$TMPDIR/till" keys install "$TMPDIR/cert"
python3 tests/support/forge_share.py "$TMPDIR/papers" 2 >"$TMPDIR/forged"
people --shares "$TMPDIR/forged" --use 1,2,3 --screen "$TMPDIR/screen" -- "$TMPDIR/till" --json keys restore >"$TMPDIR/json"
equal "with a forged paper among as many as are needed, where the book knows no ceremony, one more is asked for" \
	"$(shown | grep -c -e 'به هم نمی‌خورند' -e 'سهم شمارهٔ ۳')" 2
equal "then it is named, and nothing is brought in" \
	"$(jq -r '"\(.exit) \(.message)"' "$TMPDIR/json") $(jq -r .sentence "$TMPDIR/json" | grep -c ۲)" "1 SHARE_FORGED 1"
people --shares "$TMPDIR/forged" --use 3,2 -- "$TMPDIR/till" --json keys restore >"$TMPDIR/json"
equal "without a third nothing is, either" "$(jq .exit "$TMPDIR/json")" 1
for papers in papers alone; do
	people --shares "$TMPDIR/$papers" --use 3,1 -- "$TMPDIR/till" --json keys restore >"$TMPDIR/json"
	equal "any two bring a generation back ($papers)" "$(jq .exit "$TMPDIR/json")" 0
done
equal "with a till's keys alone, the same as the shop's" \
	"$(at "$TMPDIR/till" --json keys show | jq -c '[.role, .generations[].kcv]')" \
	"$(at "$shop" --json keys show | jq -c '["till", (.generations[].kcv | {read, debit})]')"
people --shares "$TMPDIR/papers" --use 1,2 -- "$TMPDIR/till" --json keys restore --role issuer >"$TMPDIR/json"
equal "more than its role it does not get" "$(jq -r '"\(.exit) \(.message)"' "$TMPDIR/json")" "1 KEYS_ROLE_NOT_ALLOWED"
expect "journal and book are in order" sh -c '"$1" -C "$2/shop" --json --passphrase-fd 3 doctor 3<"$2/pass" |
	jq -e "[.findings[] | select(.about == \"DOCTOR_BOOK\").state] == [\"good\"]"' _ "$bashgah" "$TMPDIR"
plan
