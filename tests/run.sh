#!/bin/bash
# run.sh BUILD [--programs] [FILTER]: runs every test program below BUILD/tests and every
# tests/*/test_*.sh (with --programs, the programs alone; with FILTER, those whose name
# contains it), one for each processor at a time. Each test speaks TAP, gets a temporary
# folder as TMPDIR, 300 seconds, and a log in BUILD/test-logs that is shown when it fails.
# The last line is `N passed, N failed`. Nothing is skipped: a test that says so, dies,
# or promises more cases than it shows, has failed.
set -u
cd "$(dirname "$0")/.." || exit 1
LIMIT_S=300

# in_session LOG COMMAND...: runs it in a session of its own; whatever it leaves behind three
# seconds after its end is ended too, and reported
in_session() {
	local log=$1 session rc left
	shift
	setsid -w timeout -k 10 "$LIMIT_S" "$@" </dev/null >"$log" 2>&1 &
	session=$!
	trap 'kill -TERM -- "-$session"; exit 130' INT TERM HUP
	wait $session
	rc=$?
	for _ in 1 2 3 4 5 6; do
		left=$(pgrep -s $session -l) || return $rc
		sleep 0.5
	done
	echo "not ok - left running: $left" | tr '\n' ' ' >>"$log"
	pkill -KILL -s $session
	return $rc
}

# One test: its log, and a line `PASSED FAILED NAME` in its .count file.
run_one() {
	local test=$1 name log rc passed failed
	name=${test#"$BUILD"/}
	name=${name#tests/}
	log=$LOGS/${name//\//-}
	TMPDIR=$(mktemp -d /tmp/bashgah-test.XXXXXX) || exit 1
	export TMPDIR CMOCKA_MESSAGE_OUTPUT=tap
	case $test in
	*.sh) in_session "$log.log" bash "$test" ;;
	*) in_session "$log.log" ${WRAP:-} "$test" ;;
	esac
	rc=$?
	rm -rf "$TMPDIR"
	read -r passed failed < <(awk -v rc=$rc '
		/^1\.\.[0-9]+/ { planned += substr($0, 4) + 0; plans++ }
		/^not ok / || /^ok [0-9]+ # [Ss][Kk][Ii][Pp]/ { failed++; shown++; next }
		/^ok / { passed++; shown++ }
		END {
			if (!failed && (rc != 0 || !plans || planned != shown || !shown))
				failed++
			print passed + 0, failed + 0
		}' "$log.log")
	echo "$passed $failed $name" >"$log.count"
	if [ "$failed" -eq 0 ]; then
		printf '  ok      %4d  %s (%d s)\n' "$passed" "$name" $SECONDS
		return 0
	fi
	{
		printf '  FAILED  %4d  %s\n' "$failed" "$name"
		grep -E '^(not ok|ok [0-9]+ # SKIP|#)|([Ee]rror|ERROR|[Ww]arning): ' "$log.log" |
			head -n 60 | sed 's/^/        | /'
		case $rc in
		0 | 1) ;;
		124 | 137) echo "        | stopped after $LIMIT_S seconds" ;;
		*) echo "        | ended with status $rc" ;;
		esac
		awk '/ERROR: (Address|Leak)Sanitizer|runtime error:/ { left = 16 } left-- > 0' "$log.log" |
			head -n 32 | sed 's/^/        > /'
		[ "$rc" -le 1 ] || tail -n 5 "$log.log" | sed 's/^/        > /'
		echo "        the whole log: $log.log"
	} >"$log.report"
	cat "$log.report"
}

if [ "${1:-}" = --one ]; then
	run_one "$2"
	exit 0
fi

BUILD=${1:?run.sh BUILD}
shift
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
LOGS=$BUILD/test-logs
scripts=1
if [ "${1:-}" = --programs ]; then
	scripts=0
	shift
fi
filter=${1:-}
export BUILD LOGS LC_ALL=C.UTF-8
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
unset LANGUAGE

rm -rf "$LOGS"
mkdir -p "$LOGS"
# scripts first: they wait for daemons while the programs compute; programs without a
# source are left-overs of an older build
{
	if [ $scripts = 1 ]; then find tests -name 'test_*.sh' | sort; fi
	find tests -name 'test_*.c' | sort | sed "s|^\(.*\)\.c\$|$BUILD/\1|"
} | { grep -F -e "$filter" || true; } |
	xargs -r -P "$(nproc)" -I '{}' bash "$0" --one '{}'

cat "$LOGS"/*.count 2>/dev/null | awk '
	{ passed += $1; failed += $2 }
	END {
		if (!NR) failed = 1
		printf "%d passed, %d failed\n", passed, failed
		exit failed > 0
	}'
