# station.sh: what the end-to-end tests share. Sourced after tap.sh; everything happens in
# $TMPDIR, through the program as staff use it.
bashgah=$BUILD/bashgah
: "${TMPDIR:?a test runs in a folder of its own}"
unset CREDENTIALS_DIRECTORY
chmod 711 "$TMPDIR"	# the scheduler's filters work in it as another user
# nobody's system services: what a test needs it starts, and names
export CUPS_SERVER=$TMPDIR/no-cups PCSCLITE_CSOCK_NAME=${PCSCLITE_CSOCK_NAME:-$TMPDIR/no-pcscd}

# need PROGRAM PACKAGE: a missing component fails the test by the package's name
need() {
	PATH=$PATH:/usr/sbin command -v "$1" >/dev/null && return
	not_ok "$1 is here (install the package $2)"
	plan
}

# until_true SECONDS COMMAND...: waits until it succeeds
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $end ] || return 1
		sleep 0.05
	done
}

# new_club DIR: a practice club with Sara Ahmadi as its first member
new_club() {
	"$bashgah" -C "$1" init --designs printer/designs >/dev/null &&
		"$bashgah" -C "$1" member add 'سارا احمدی' --phone 09121234567 >/dev/null
}

# custodians OPTIONS... -- ARGUMENTS...: people at a ceremony, a drill or a restore of the program
custodians() {
	local play=()
	while [ "$1" != -- ]; do
		play+=("$1")
		shift
	done
	shift
	python3 tests/support/custodians.py "${play[@]}" -- "$bashgah" "$@"
}

# real_keys DIR PASSFILE: a ceremony of two, and its drill: cards may be issued. The papers lie in DIR.papers
real_keys() {
	custodians --shares "$1.papers" -- -C "$1" --passphrase-fd 3 keys ceremony \
		--custodian 'سارا احمدی' --custodian 'رضا کریمی' 3<"$2" >/dev/null &&
		custodians --shares "$1.papers" --use 2,1 -- -C "$1" --passphrase-fd 3 keys drill 3<"$2" >/dev/null
}

# new_card DIR [OPTIONS...]: a card for her, not printed, in the software reader
new_card() {
	local club=$1
	shift
	"$bashgah" -C "$club" issue --member 1 --no-print --quick "$@" >/dev/null
}

# field FILTER COMMAND...: one field of the JSON answer
field() {
	local filter=$1
	shift
	"$@" 2>/dev/null | jq -r "$filter"
}

# on_card DIR [OPTIONS]: rial on the card in the reader, verified, and rial the book has for it
on_card() {
	local club=$1
	shift
	field '"\(.exit) \(.balance_rial)"' "$bashgah" -C "$club" --json show "$@"
}
in_book() {
	field '[.cards[] | "\(.balance_rial)+\(.waiting_rial)"] | join(" ")' "$bashgah" -C "$1" --json member show 1
}

# book_good DIR: doctor finds journal chain, intents and sums in order
book_good() {
	"$bashgah" -C "$1" --json doctor 2>/dev/null |
		jq -e '[.findings[] | select(.about == "DOCTOR_BOOK").state] == ["good"]' >/dev/null
}

# snapshot DIR: every row of the book and every byte of the software cards, as one line
snapshot() {
	{
		sqlite3 "file:$1/club.db?mode=ro" .dump
		find "$1/cards" -name '*.card' -print0 | sort -z | xargs -0r sha256sum
	} 2>&1 | sha256sum
}

# is_sentence LANG TEXT: one line for people: that language's letters, no names of the program's inside
is_sentence() {
	[ -n "$2" ] && [ "$(wc -l <<<"$2")" -eq 1 ] || return 1
	! grep -qE '(ERR|MSG)_|\{[0-9]\}|[A-Z]{3,}_[A-Z_]{3,}|\(null\)' <<<"$2" || return 1
	case $1 in
	fa) grep -qP '\p{Arabic}{2}.*[.؟!]' <<<"$2" && ! grep -qP '[يكى]' <<<"$2" ;;
	en) grep -qP '([A-Za-z]+[ ,;:]+){2}.*[.?!]' <<<"$2" ;;
	esac
}

# refuses CODE SENTENCE FA EN ARGUMENTS...: the program ends with CODE, says one sentence in each
# language (FA and EN are parts of them) and says the same under --json
refuses() {
	local code=$1 sentence=$2 lang part said got json
	local -A parts=([fa]=$3 [en]=$4)
	shift 4
	for lang in fa en; do
		said=$("$bashgah" --lang $lang "$@" 2>&1 >"$TMPDIR/out" </dev/null)
		got=$?
		part=${parts[$lang]}
		if [ $got -eq "$code" ] && is_sentence $lang "$said" && [ "${said#*"$part"}" != "$said" ]; then
			ok "$sentence ($lang)"
		else
			not_ok "$sentence ($lang)"
			printf '%s\n' "$* ended with $got, not $code" "said: $said" "no:   $part" \
				"out:  $(cat "$TMPDIR/out")" | sed 's/^/# /'
		fi
	done
	json=$("$bashgah" --lang en --json "$@" 2>/dev/null </dev/null)
	got=$?
	if [ $got -eq "$code" ] && jq -e --argjson code "$code" --arg part "${parts[en]}" \
		'.exit == $code and (.sentence | contains($part)) and (.error | length > 0)' <<<"$json" >/dev/null; then
		ok "$sentence (json)"
	else
		not_ok "$sentence (json)"
		printf '%s\n' "$* ended with $got, not $code" "$json" | sed 's/^/# /'
	fi
}

# qr FILE...: what a phone reads in the pictures
qr() {
	zbarimg --raw -q --nodbus -Sdisable -Sqrcode.enable "$@" 2>/dev/null
}

# real_pcscd: the script starts again below a pcscd of its own, once
real_pcscd() {
	[ -n "${VPCD_PORT:-}" ] || exec sh tests/support/pcscd_start.sh bash "$0"
}

# card_on DIR [OPTIONS]: puts the club's software card on the first virtual reader; card is its
# pid. card_off [-SIGNAL] takes it away. Both wait until pcscd has seen it.
card=
vpcd_reader='Virtual PCD 00 00'
reader_has_card() {
	[ "$("$bashgah" --json readers | jq --arg r "$vpcd_reader" '.readers[] | select(.name == $r).card')" = "$1" ]
}
card_on() {
	local club=$1
	shift
	"$bashgah" -C "$club" sim --vpcd 127.0.0.1:"$VPCD_PORT" "$@" >"$TMPDIR/sim.out" 2>&1 &
	card=$!
	until_true 10 reader_has_card true
}
card_off() {
	[ -n "$card" ] || return
	kill "${1:--TERM}" "$card" 2>/dev/null
	wait "$card" 2>/dev/null
	card=
	until_true 10 reader_has_card false
}

# portal_start DIR: sets portal (its pid) and portal_url; portal_stop ends it
portal=
portal_start() {
	"$bashgah" -C "$1" --json portal --port 0 >"$TMPDIR/portal.out" 2>&1 &
	portal=$!
	until_true 10 grep -q listening "$TMPDIR/portal.out"
	portal_url=$(jq -nr 'input.listening' "$TMPDIR/portal.out")
	expect "the portal takes requests" grep -q '^http://127.0.0.1:[0-9]*/$' <<<"$portal_url"
}
portal_stop() {
	[ -z "$portal" ] || kill "$portal" 2>/dev/null
	[ -z "$portal" ] || wait "$portal"
	local code=$?
	portal=
	return $code
}

# page QR LANG: the customer's page behind a QR, without the host only the internet knows
page() {
	curl -fsS --noproxy '*' -H "Accept-Language: $2" "${portal_url%/}/${1#https://*/}"
}
