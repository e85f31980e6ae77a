# The manual and --help say the same: every command has a page in both languages, and every
# option stands in both.
. tests/support/tap.sh
bashgah=$BUILD/bashgah

# the words of the text that begin with two dashes; troff's \- is a dash
options() {
	sed 's/\\-/-/g; s/\\f[A-Z]//g' | grep -oE -- '--[a-z][a-z-]*' | sort -u | tr '\n' ' '
}

# the commands of the program, from its own help: indented lines that begin with a word
commands=$("$bashgah" --lang en --help 2>/dev/null | sed -nE 's/^ +([a-z]+)( .*)?$/\1/p' | sort -u)
for command in init doctor readers printers member issue load show portal sim; do
	expect "--help names $command" grep -qx "$command" <<<"$commands"
done

for lang in en fa; do
	for page in docs/man/$lang/*.1; do
		expect "mandoc takes $page" mandoc -T lint -W warning "$page"
	done
	equal "the main page's options are those of --help ($lang)" \
		"$(sed -n '1,/COMMANDS\|فرمان‌ها/p' docs/man/$lang/bashgah.1 | options)" \
		"$("$bashgah" --lang $lang --help | options)"
	for command in $commands; do
		page=docs/man/$lang/bashgah-$command.1
		expect "$command has a page ($lang)" test -s "$page"
		expect "the main page names $command ($lang)" \
			grep -qF "bashgah\\-$command" docs/man/$lang/bashgah.1
		# what stands before the command belongs to the main page; examples use both
		equal "$command: the page's options are those of --help ($lang)" \
			"$(grep -vE '^(bashgah -C|bashgah \\-C)' "$page" | options)" \
			"$({ "$bashgah" --lang $lang "$command" --help; echo ' --lang --json'; } | options)"
	done
done

# nothing else claims to be a command
for page in docs/man/*/bashgah-*.1; do
	name=${page##*/bashgah-}
	expect "${page#docs/man/} is a command's page" grep -qx "${name%.1}" <<<"$commands"
done
plan
