# What the house asks of every file.
. tests/support/tap.sh

if [ -d .git ]; then
	files=$(git ls-files -co --exclude-standard)
else
	files=$(find . -path ./build -prune -o -type f -print | sed 's|^\./||')
fi
texts=$(printf '%s\n' "$files" | grep -vE '\.(png|pdf|gz|bin|ttf)$' | while read -r f; do [ -f "$f" ] && echo "$f"; done)

# none SENTENCE PATTERN [FILES-PATTERN]: no text file has a line like this
none() {
	local found
	found=$(printf '%s\n' "$texts" | grep -E -e "${3:-.}" | tr '\n' '\0' | xargs -0 -r grep -nIE -e "$2" | head -n 20)
	equal "$1" "$found" ""
}

expect "the licence is here" grep -q 'Permission to use, copy, modify' LICENSE
none "nothing is left for later" '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b'
none "no path of a developer's machine" '(^|[^A-Za-z0-9._~-])/(work|root|home/[a-z]+)/|/tmp/[b]-'
none "no line ends in blanks" '[ 	]+$' '\.(c|h|sh|def|md)$|Makefile'
none "Persian is written with Persian letters" '[يك]' '\.md$|^docs/|README'
none "no file forbids itself the warnings" 'pragma (GCC|clang) diagnostic'

guard_missing=$(printf '%s\n' "$texts" | grep -E '\.h$' | while read -r h; do
	name=$(printf '%s' "$h" | tr 'a-z/.-' 'A-Z___')
	short=${name#STATION_}
	grep -qE "^#ifndef ($name|$short)\$" "$h" || echo "$h"
done)
equal "every header guards itself with its path" "$guard_missing" ""

long=$(printf '%s\n' "$texts" | grep -E '\.[ch]$' | while read -r f; do
	[ "$(wc -l <"$f")" -le 900 ] || echo "$f"
done)
equal "every source can be read in a sitting" "$long" ""

# A page of documentation leads nowhere but to what is here.
astray=$(printf '%s\n' "$texts" | grep '\.md$' | while read -r page; do
	grep -oE '\]\([^)#: ]+' "$page" | cut -c3- | while read -r link; do
		[ -e "$(dirname "$page")/$link" ] || echo "$page -> $link"
	done
done)
equal "every link of the documentation leads somewhere" "$astray" ""
expect "the README is one screen" test "$(wc -l <README.md)" -le 40

# The vectors are published facts that other programs test against too.
if [ -d ../shared/vectors ]; then
	expect "the vectors are the published ones" diff -r tests/vectors ../shared/vectors
fi
sourceless=$(for v in tests/vectors/*.txt; do
	awk -v f="$v" '/^\[/ { if (name && !source) print f ": " name; name = $0; source = 0 } /^source/ { source = 1 }
		END { if (name && !source) print f ": " name }' "$v"
done)
equal "every vector names its source" "$sourceless" ""
plan
