# tap.sh: what a shell test says. Source it, make claims, end with `plan`.
#   . tests/support/tap.sh
#   expect "the page says 500,000 rial" grep -q '500,000' page.html
#   expect_code 2 "an unknown option is a usage error" build/bashgah --nonsense
#   plan
# A claim that does not hold shows the command's output; the script goes on, and `plan`
# ends it with status 1. Each claim is a sentence.
tap_count=0
tap_failed=0

ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
}

# expect_code CODE SENTENCE COMMAND...: the command ends with this status
expect_code() {
	local want=$1 sentence=$2 said code
	shift 2
	said=$("$@" 2>&1)
	code=$?
	if [ "$code" -eq "$want" ]; then
		ok "$sentence"
	else
		not_ok "$sentence"
		printf '%s\n' "$* ended with $code, not $want" "$said" | sed 's/^/# /'
	fi
}

# expect SENTENCE COMMAND...: the command succeeds
expect() {
	expect_code 0 "$@"
}

# equal SENTENCE GOT WANT: the two strings are the same
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf 'got:  %s\nwant: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

# plan: the last line of a test
plan() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}
