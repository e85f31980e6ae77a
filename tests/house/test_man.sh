# The manual and --help say the same: every command has a page in both languages, and every
# option stands in both.
. tests/support/tap.sh
bashgah=$BUILD/bashgah

# the words of the text that begin with two dashes; troff's \- is a dash
options() {
	sed 's/\\-/-/g; s/\\f[A-Z]//g' | grep -oE -- '--[a-z][a-z-]*' | sort -u
}

# what the program says of itself: rows of two spaces, a name, and a sentence
rows=$("$bashgah" --lang en --help 2>/dev/null | sed -nE 's/^  ([a-z]+( [a-z]+)?)  +[^ ].*$/\1/p')
commands=$(sed 's/ .*//' <<<"$rows" | sort -u)
for command in init doctor readers printers member issue print prints stock bind design load show portal sim backup restore audit head review; do
	expect "--help names $command" grep -qx "$command" <<<"$commands"
done

for lang in en fa; do
	globals=$("$bashgah" --lang $lang --help | options)
	for page in docs/man/$lang/*.1; do
		expect "mandoc takes $page" mandoc -T lint -W warning "$page"
	done
	equal "the main page's options are those of --help ($lang)" \
		"$(sed -n '1,/COMMANDS\|دستورها/p' docs/man/$lang/bashgah.1 | options)" "$globals"
	for command in $commands; do
		page=docs/man/$lang/bashgah-$command.1
		expect "$command has a page ($lang)" test -s "$page"
		expect "the main page names $command ($lang)" \
			grep -qF "bashgah\\-$command" docs/man/$lang/bashgah.1
		# `member add` and its like share a page
		said=$(grep -E "^$command( |\$)" <<<"$rows" | while read -r row; do
			# shellcheck disable=SC2086
			"$bashgah" --lang $lang $row --help
		done | options)
		equal "$command: page and --help name the same options ($lang)" \
			"$(sed -n '/^\.SH \(OPTIONS\|گزینه‌ها\)/,/^\.SH \("EXIT\|"وضعیت\)/p' "$page" | options)" \
			"$(grep -vxF -e "$globals" <<<"$said")"
		every=$(printf '%s\n' "${every:-$globals}" "$said" | sort -u)
	done
	equal "no page names an option that is nowhere ($lang)" \
		"$(cat docs/man/$lang/*.1 | options | grep -vxF -e "$every")" ""
done

# nothing else claims to be a command
for page in docs/man/*/bashgah-*.1; do
	name=${page##*/bashgah-}
	expect "${page#docs/man/} is a command's page" grep -qx "${name%.1}" <<<"$commands"
done
plan
