# docs/card-format.md as a stranger would use it: its commands verify its card, with openssl
# alone, and refuse every card that was tampered with.
. tests/support/tap.sh

page=$PWD/docs/card-format.md
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# The page's shell blocks, in order.
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$page" >"$tmp/blocks"
grep -E '^[A-Z]+=' "$tmp/blocks" >"$tmp/values"
grep -vE '^[A-Z]+=' "$tmp/blocks" >"$tmp/commands"
date_minutes=$(( ($(date -u -d 2026-11-22T10:00Z +%s) - $(date -u -d 2000-01-01T00:00Z +%s)) / 60 ))

# verify NAME=HEX...: how many signatures hold when these values stand instead of the page's
verify() {
	{
		cat "$tmp/values"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		cat "$tmp/commands"
	} >"$tmp/script"
	(cd "$tmp" && sh ./script 2>&1) | grep -c '^Signature Verified Successfully$'
}

value() { sed -n "s/^$1=//p" "$tmp/values"; }
# other NAME OFFSET: the value with the byte at OFFSET changed
other() {
	local hex at=$(($2 * 2)) byte
	hex=$(value "$1")
	byte=$((0x${hex:at:2} ^ 1))
	printf '%s=%s%02X%s\n' "$1" "${hex:0:at}" "$byte" "${hex:at+2}"
}

equal "the page shows a card" "$(wc -l <"$tmp/values")" 5
equal "openssl verifies certificate and record" "$(verify)" 2
equal "another chip's UID is not signed for" "$(verify "$(other CHIP 6)")" 1
equal "one rial more is not signed for" "$(verify "$(other RECORD 31)")" 1
equal "another card number is not signed for" "$(verify "$(other RECORD 15)")" 1
equal "a changed signature is none" "$(verify "$(other RECORD 100)")" 1
equal "a certificate with other rights is not the root's" "$(verify "$(other CERT 7)")" 1
equal "another station's key verifies nothing" "$(verify "$(other CERT 40)")" 0
equal "another root knows no station of this club" "$(verify "$(other ROOT 3)")" 1

root=$(value ROOT) record=$(value RECORD) cert=$(value CERT)
sha() { printf %s "$1" | basenc --base16 -d | openssl dgst -sha256 -r | cut -c 1-8 | tr a-f A-F; }
equal "the record's club is the root" "${record:40:8}" "$(sha "$root")"
equal "the record's signer is the station" "${record:96:8}" "$(sha "${cert:64:64}")"
equal "it was written when the page says" "$((0x${record:104:8}))" "$date_minutes"
plan
