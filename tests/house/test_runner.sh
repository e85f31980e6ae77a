# The runner itself: what passes, what fails, and that nothing passes in silence.
. tests/support/tap.sh
house=$TMPDIR/house
mkdir -p "$house/tests/x" "$house/build"
cp tests/run.sh "$house/tests/"

# says SENTENCE LAST-LINE STATUS SCRIPT: a suite of this one test ends so
says() {
	local sentence=$1 want="$2, status $3" said status
	rm -f "$house"/tests/x/*
	printf '%s\n' "$4" >"$house/tests/x/test_one.sh"
	said=$(bash "$house/tests/run.sh" "$house/build" 2>&1)
	status=$?
	equal "$sentence" "$(printf '%s\n' "$said" | tail -n 1), status $status" "$want"
}

says "cases are counted one by one" "2 passed, 0 failed" 0 'echo "ok 1 - a"; echo "ok 2 - b"; echo 1..2'
says "a failed case fails the suite" "1 passed, 1 failed" 1 'echo "ok 1 - a"; echo "not ok 2 - b"; echo 1..2; exit 1'
says "a test that says nothing has failed" "0 passed, 1 failed" 1 'true'
says "a test without a plan has failed" "1 passed, 1 failed" 1 'echo "ok 1 - a"'
says "a test with no cases has failed" "0 passed, 1 failed" 1 'echo 1..0'
says "a test that dies before its plan has failed" "1 passed, 1 failed" 1 'echo "ok 1 - a"; kill -SEGV $$'
says "a test that shows less than it promised has failed" "1 passed, 1 failed" 1 'echo 1..2; echo "ok 1 - a"'
says "a test that ends badly has failed, whatever it said" "1 passed, 1 failed" 1 'echo 1..1; echo "ok 1 - a"; exit 3'
says "a skipped case has failed" "0 passed, 1 failed" 1 'echo "ok 1 # SKIP a"; echo 1..1'
says "several groups in one program add up" "2 passed, 0 failed" 0 'echo 1..1; echo "ok 1 - a"; echo 1..1; echo "ok 1 - b"'
says "what a test leaves running is a failure" "1 passed, 1 failed" 1 'sleep 60 & echo 1..1; echo "ok 1 - a"'
equal "and is ended" "$(pgrep -f '^sleep 60$' -s 0)" ""
rm -f "$house"/tests/x/*
expect_code 1 "a suite without tests has failed" bash "$house/tests/run.sh" "$house/build"
plan
