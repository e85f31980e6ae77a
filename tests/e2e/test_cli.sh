# The command line itself: help, options, exit codes, JSON, and passphrases that never stand
# where others can read them.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq
need setsid util-linux
need python3 python3
club=$TMPDIR/club
new_club "$club"
commands=(init doctor readers printers 'member add' 'member find' 'member show' issue load show print "print confirm" "print reject" prints "prints cost" 'stock export' 'stock list' 'stock void' bind "design list" "design check" "design preview" portal sim)

# --- help
for lang in fa en; do
	for command in "${commands[@]}"; do
		# shellcheck disable=SC2086
		said=$("$bashgah" --lang $lang $command --help)
		equal "$command --help ends with 0 ($lang)" $? 0
		expect "it names the command, its options and the exit codes ($lang)" \
			grep -qzP "^bashgah .*$command.*--help.*(Exit codes: 0|کدهای پایان: ۰)" <<<"$(tr '\n' ' ' <<<"$said")"
		expect_code 1 "it has no hole ($lang)" grep -qE '\{[0-9]\}|MSG_|[A-Z]{3,}_[A-Z]{3,}|\(null\)' <<<"$said"
		equal "bashgah help says the same ($lang)" "$("$bashgah" --lang $lang help $command)" "$said"
	done
done
expect "the version is told" grep -qxE 'bashgah [0-9]+\.[0-9]+\.[0-9]+' <<<"$("$bashgah" --version)"

# --- usage: 2
refuses 2 "a command nobody has" 'dance' 'dance' dance
refuses 2 "half a command" 'member' 'member' -C "$club" member
refuses 2 "an option nobody has" '--nonsense' '--nonsense' -C "$club" show --nonsense
refuses 2 "a letter nobody has, in the middle of a cluster" '-x' '-x' -C "$club" show -xyz
refuses 2 "an option without its value" '--unit' '--unit' -C "$club" load 5000 --unit
refuses 2 "a word missing" 'load' 'load' -C "$club" load
refuses 2 "a word too many" 'احمدی' 'احمدی' -C "$club" member add سارا احمدی
refuses 2 "a language nobody speaks" 'xx' 'xx' -C "$club" issue --member 1 --card-lang xx --reader none
refuses 2 "an issue for nobody" '--member' '--member' -C "$club" issue
refuses 2 "a card without a chip and without a number" '--card' '--card' -C "$club" load 5000 --reader none
refuses 2 "an empty request" '۶۳' '63' -C "$club" load 5000 --request ''
refuses 2 "a request of 64 letters" '۶۳' '63' -C "$club" load 5000 --request "$(printf 'x%.0s' $(seq 64))"
refuses 2 "a real club without its passphrases" '--help' 'root' -C "$TMPDIR/r0" init --real --designs printer/designs
expect_code 2 "no command at all" "$bashgah"
expect_code 2 "a language the program has not" "$bashgah" --lang xx doctor
expect_code 2 "a passphrase cannot be an argument" "$bashgah" -C "$club" --passphrase secret show

# --- -C before and after, JSON on success and on failure
new_card "$club"
equal "-C stands before the command or after it" \
	"$(field .card "$bashgah" -C "$club" --json show)" "$(field .card "$bashgah" show --json -C "$club")"
for act in 'doctor' 'readers' 'printers' 'member find 1' 'member show 1' 'member find 999' 'show' 'load 5000' 'load 0' \
	'load x' 'print 1' 'prints' 'prints --state x' 'print confirm x' 'print reject x' 'stock list' 'stock void x' 'stock export x y' 'bind x' 'issue --member 1' 'issue --member 999' 'dance' 'init' 'portal --port 70000' 'portal --listen nowhere' \
	'sim --vpcd x' 'show --reader nobody'; do
	# shellcheck disable=SC2086
	said=$("$bashgah" -C "$club" --json $act 2>"$TMPDIR/err")
	code=$?
	equal "$act: one JSON object that says its exit code, nothing beside it" \
		"$(jq -s --argjson code $code 'length == 1 and .[0].exit == $code' <<<"$said" 2>&1) $(wc -c <"$TMPDIR/err")" "true 0"
	if [ $code -ne 0 ]; then
		expect "$act: and why" jq -e '(.error | length > 0) and (.sentence | length > 10)' <<<"$said"
	fi
done
expect_code 4 "an answer that cannot be written is an error" sh -c '"$1" --help >/dev/full' _ "$bashgah"

# --- secrets
"$bashgah" -C "$club" --log --json show >"$TMPDIR/all" 2>&1
"$bashgah" -C "$club" --log --json issue --member 1 --reader sim:desfire-ev1:second >>"$TMPDIR/all" 2>&1
"$bashgah" -C "$club" --log load 5000 >>"$TMPDIR/all" 2>&1
# the keys of a software card lie in clear in its file: every 16 bytes of it against what was said
cat >"$TMPDIR/look.py" <<'END'
import re, sys
card = open(sys.argv[1], 'rb').read()
said = open(sys.argv[2], 'rb').read().upper()
record = bytes.fromhex(sys.argv[3])
cert = open(sys.argv[4], 'rb').read()
for run in set(re.findall(rb'[0-9A-F]{32,}', said)):
    run = bytes.fromhex(run[:len(run) // 2 * 2].decode())
    for i in range(len(run) - 15):
        piece = run[i:i + 16]
        if piece in card and piece not in record and piece not in cert:
            sys.exit('16 bytes of the card were said: ' + piece.hex())
END
expect "nothing said or logged holds a key of the card" python3 "$TMPDIR/look.py" "$club/cards/desfire-ev1.card" \
	"$TMPDIR/all" "$(field .record "$bashgah" -C "$club" --json show)" "$club/keys/station.cert"
equal "keys, cards and books are the owner's alone" \
	"$(find "$club" \( -name '*.safe' -o -name '*.card' -o -name 'club.db' \) -perm /077)" ""

# --- a real club
real=$TMPDIR/real
root=$TMPDIR/usb/root.safe
mkdir "$TMPDIR/usb"
pass=korsi-daftar-abi-ghalam
rootpass=kuh-barf-setare-ordibehesht
printf '%s\n' "$pass" >"$TMPDIR/pass"
printf '%s\n' "$rootpass" >"$TMPDIR/rootpass"
# with NAME ARGUMENTS...: the program with that passphrase on descriptor 3
with() {
	"$bashgah" -C "$real" --passphrase-fd 3 "${@:2}" 3<"$TMPDIR/$1"
}
expect_code 0 "a real club is made, its root elsewhere" \
	sh -c '"$1" -C "$2" --passphrase-fd 3 init --real --name "باشگاه سپیده" --host club.sepideh.ir --root "$3" --root-passphrase-fd 4 --designs printer/designs 3<"$4/pass" 4<"$4/rootpass"' \
	_ "$bashgah" "$real" "$root" "$TMPDIR"
expect "the root lies where it was asked for" test -s "$root"
equal "and not in the club's folder" "$(find "$real" -name 'root.safe')" ""
expect "staff enrol a member without the passphrase" "$bashgah" -C "$real" member add 'نرگس رضایی'
equal "it has no keys yet, and makes no card" "$(with pass --json issue --member 1 | jq -r '"\(.exit) \(.message)"')" "1 NO_KEYS_YET"
expect "two custodians hold the ceremony and the drill" real_keys "$real" "$TMPDIR/pass"
equal "with it they issue a card, which is no test card" \
	"$(with pass --json issue --member 1 >"$TMPDIR/issue.json"; jq .exit "$TMPDIR/issue.json"; with pass --json show | jq .test)" "0
false"
equal "and load it" "$(with pass --json load 50000 | jq .balance_rial)" 500000
for lang in fa en; do
	said=$(with rootpass --lang $lang show 2>&1)
	equal "another passphrase does not open it ($lang)" "$? $(is_sentence $lang "$said" && echo said)" "4 said"
	said=$(setsid -w "$bashgah" -C "$real" --lang $lang show 2>&1 </dev/null)
	equal "without a terminal and without a passphrase it says what it needs ($lang)" \
		"$? $(is_sentence $lang "$said" && grep -o -e --passphrase-fd <<<"$said")" "4 --passphrase-fd"
done
mkdir "$TMPDIR/cred"
cp "$TMPDIR/pass" "$TMPDIR/cred/bashgah-passphrase"
equal "systemd's credentials open it" \
	"$(CREDENTIALS_DIRECTORY=$TMPDIR/cred setsid -w "$bashgah" -C "$real" --json show | jq .balance_rial)" 500000
: >"$TMPDIR/empty"
equal "an empty passphrase is refused" "$(with empty --json show | jq .exit)" 4
head -c 5000 /dev/zero | tr '\0' x >"$TMPDIR/long"
equal "one of 5,000 letters too" "$(with long --json show | jq .exit)" 4
for word in short practice; do
	printf '%s\n' "$([ $word = short ] && echo abc || grep -oP 'SAFE_PRACTICE_PASSPHRASE "\K[^"]+' keys/safe.h)" >"$TMPDIR/$word"
	rm -rf "$TMPDIR/r1"
	sh -c '"$1" -C "$2/r1" --json --passphrase-fd 3 init --real --name "باشگاه سپیده" --host club.sepideh.ir --root "$2/usb/other" --root-passphrase-fd 4 --designs printer/designs 3<"$2/$3" 4<"$2/rootpass"' \
		_ "$bashgah" "$TMPDIR" $word >"$TMPDIR/r1.json" 2>&1
	equal "a $word passphrase makes no real club" "$(jq -r '.exit != 0 and (.sentence | length > 10)' "$TMPDIR/r1.json")" true
done
equal "no passphrase stands in the club's folder" "$(grep -rlF -e "$pass" -e "$rootpass" "$real" "$root")" ""
equal "and none is taken from the environment" \
	"$(BASHGAH_PASSPHRASE=$pass PASSPHRASE=$pass setsid -w "$bashgah" -C "$real" --json show | jq .exit)" 4

# a card of a practice club means nothing to the real one, and the other way round
cp "$club/cards/desfire-ev1.card" "$real/cards/desfire-ev1-practice.card"
cp "$real/cards/desfire-ev1.card" "$club/cards/desfire-ev1-real.card"
equal "the real club takes no practice card" "$(with pass --json load 50000 --reader sim:desfire-ev1:practice | jq .exit)" 1
refuses 1 "the practice club takes no real card" 'باشگاه' 'club' -C "$club" load 50000 --reader sim:desfire-ev1:real
plan
