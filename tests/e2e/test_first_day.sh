# The first day of docs/keys.md, command by command as the page has them: each works, in that order, on a real club.
. tests/support/tap.sh
. tests/e2e/station.sh
need jq jq
need python3 python3
echo rud-kuh-dasht-abr >"$TMPDIR/pass"
echo kuh-barf-setare-mah >"$TMPDIR/rootpass"
mkdir "$TMPDIR/stick"
# commands: the lines of the sh blocks below that heading
commands() {
	awk '/^## / { here = $0 == "## The first day" } /^```/ { block = here && $0 == "```sh"; next } block' docs/keys.md
}
# run LINE: as the page has it, in a folder of its own, the stick beside it; where people would type, people are played
run() {
	local line=${1//\/media\/stick/$TMPDIR/stick} words
	eval "words=($line)"
	[ "${words[0]}" = bashgah ] || return 1
	words=("${words[@]:1}" --passphrase-fd 4)
	case $line in
	*' init '*) words+=(--root-passphrase-fd 3 --designs printer/designs) ;;
	esac
	words[1]=$TMPDIR/${words[1]}
	case $line in
	*'keys ceremony'*) custodians --shares "$TMPDIR/papers" -- "${words[@]}" ;;
	*'keys drill'*) custodians --shares "$TMPDIR/papers" --use 3,1 -- "${words[@]}" ;;
	*) "$bashgah" "${words[@]}" ;;
	esac 3<"$TMPDIR/rootpass" 4<"$TMPDIR/pass"
}
commands >"$TMPDIR/commands"
equal "every one of them is of this club" "$(grep -vc '^bashgah -C shop ' "$TMPDIR/commands")" 0
for step in init ceremony drill issue 'keys show'; do
	expect "the page has it: $step" grep -q " $step" "$TMPDIR/commands"
done
while read -r line <&9; do
	expect "${line:0:70}" run "$line"
done 9<"$TMPDIR/commands"
last=$("$bashgah" -C "$TMPDIR/shop" --passphrase-fd 4 --json keys show 4<"$TMPDIR/pass")
equal "in the end two of three people keep the keys, proven" \
	"$(jq -c '.generations[0] | [(.kcv | length), (.drill.people | length)]' <<<"$last")" "[9,2]"
equal "one card is out" "$(sqlite3 "$TMPDIR/shop/club.db" 'SELECT count(*) FROM card')" 1
equal "and the root is on the stick alone" "$(ls "$TMPDIR/stick") $(find "$TMPDIR/shop" -name 'root.safe')" "root "
plan
