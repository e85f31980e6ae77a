# Every flow runs unchanged on either store: tests of the desk, of requests that come again, of healing and
# of cards pulled at every command, on a key token and on one without Ed25519.
. tests/support/tap.sh

# on STORE TEST...: what each test says of itself; its own plan would be one too many
on() {
	local store=$1 flow line code
	shift
	for flow in "$@"; do
		BASHGAH_TEST_STORE=$store "$BUILD/tests/flow/test_$flow" >"$TMPDIR/said" 2>&1
		code=$?
		while read -r line; do
			case $line in
			'ok '*) ok "$store: ${line#ok * - }" ;;
			'not ok '*) not_ok "$store: ${line#not ok * - }" ;;
			'#'*) echo "$line" ;;
			esac
		done <"$TMPDIR/said"
		equal "test_$flow ends well on a $store" "$code" 0
	done
}

on token desk request heal
on p256 desk tear
plan
