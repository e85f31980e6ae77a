# Every flow runs unchanged on either store: the tests of the desk and of healing on a key token, those of the
# desk on one without Ed25519. Any other test of flows does so, too, with BASHGAH_TEST_STORE in its environment.
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

on token desk heal
on p256 desk
plan
