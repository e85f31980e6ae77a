# make install puts what the manual says where it says, make uninstall takes it away.
. tests/support/tap.sh
dest=$TMPDIR/root

expect "make install works with DESTDIR and PREFIX" \
	make --no-print-directory BUILD="$BUILD" DESTDIR="$dest" PREFIX=/usr install
for file in bin/bashgah share/man/man1/bashgah.1 share/man/fa/man1/bashgah.1 \
	share/man/man1/bashgah-issue.1 share/man/fa/man1/bashgah-issue.1 \
	share/bashgah/designs/default-front.svg lib/systemd/system/bashgah-portal.service \
	lib/sysusers.d/bashgah.conf share/bash-completion/completions/bashgah; do
	expect "installed: $file" test -s "$dest/usr/$file"
done
equal "the program can be run, nothing else" \
	"$(cd "$dest" && find . -type f -perm /111)" "./usr/bin/bashgah"
expect "the unit names the installed program" \
	grep -q '^ExecStart=/usr/bin/bashgah portal ' "$dest/usr/lib/systemd/system/bashgah-portal.service"
expect "the unit has a user of its own" \
	grep -q '^User=bashgah-portal$' "$dest/usr/lib/systemd/system/bashgah-portal.service"
expect_code 1 "no secret is passed in the environment" \
	grep -qiE '^Environment=.*(pass|secret|key)' "$dest/usr/lib/systemd/system/bashgah-portal.service"
expect "the installed program answers" "$dest/usr/bin/bashgah" --version
expect "bash takes the completion" bash -n "$dest/usr/share/bash-completion/completions/bashgah"

expect "make uninstall works" \
	make --no-print-directory BUILD="$BUILD" DESTDIR="$dest" PREFIX=/usr uninstall
equal "make uninstall leaves no file" "$(find "$dest" -type f)" ""
plan
