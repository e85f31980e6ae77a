#!/bin/bash
# lint.sh BUILD: looks at the sources without running them, in a build folder of its own.
# Each look is one case; the last line is `N passed, N failed`.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${1:-build/lint}
mkdir -p "$BUILD"
passed=0
failed=0

look() {
	local sentence=$1 started=$SECONDS
	shift
	if "$@" >"$BUILD/look.log" 2>&1; then
		passed=$((passed + 1))
		echo "  ok      $sentence ($((SECONDS - started)) s)"
	else
		failed=$((failed + 1))
		echo "  FAILED  $sentence"
		grep -E "${trouble:-.}" "$BUILD/look.log" | sort -u | head -n 100 | sed 's/^/        | /'
	fi
}

clang() {
	make --no-print-directory -k -j"$(nproc)" BUILD="$BUILD" CC=clang WERROR=-Werror OPT='-O1 -g' "$@"
}

scripts() {
	# SC2154 and SC2034 do not see through `.`; SC1007 and SC1010 dislike `a= b=` and the word done
	find tests station packaging .ci -name '*.sh' -print0 -o -path .ci/run -print0 |
		xargs -0 shellcheck -S warning -s bash -e SC1007,SC1010,SC1091,SC2034,SC2154
}

pages() {
	mandoc -T lint -W warning docs/man/*/*.1
}

# of a compiler's pages, the lines that name the place; the paths are in BUILD/tidy/*.said
trouble=' (fatal )?(error|warning): '
look "clang compiles everything without a warning" clang all tests
look "clang-tidy finds nothing" clang tidy
trouble=
look "shellcheck finds nothing" scripts
look "every room uses what it may use" sh tests/include_rules.sh
look "mandoc finds nothing in the man pages" pages

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
