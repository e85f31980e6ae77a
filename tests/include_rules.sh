#!/bin/sh
# include_rules.sh [TREE]: says which room's file includes what its room may not use, one
# line each, and ends with status 1 if there is any. docs/architecture.md draws the table.
set -u
tree=${1:-$(dirname "$0")/..}
cd "$tree" || exit 1

# Who may use whom: folder or beginning of a file's name; what it may use beside itself;
# what it may never reach, not even through another header. The longest row counts.
rooms='
station/main.c     : station/cli station/base :
station/base       : :
station/text       : station/base :
keys               : station/base :
cardapps           : station/base keys :
cardapps/sim       : station/base keys cardapps : cardapps/chip cardapps/secure
cardapps/chip      : station/base keys cardapps : cardapps/sim
cardapps/secure    : station/base keys cardapps : cardapps/sim
printer            : station/base :
station/store      : station/base :
station/club       : station/base station/text station/store :
station/flow       : station/base station/text keys cardapps printer station/store station/club :
station/sync       : station/base keys station/store station/club :
station/web        : station/base station/text :
station/web/desk   : station/base station/text station/store station/club station/flow station/web : station/web/portal
station/web/portal : station/base station/text keys/digest.h station/store/view.h station/web : station/web/desk keys/raw.h keys/safe.h station/store/store.h
station/cli        : station/base station/text keys cardapps printer station/store station/club station/flow station/web :
tests              : * :
'

# Headers that belong to few: header or folder; who may include it. `one` = one file only.
# "inside.h" of any room is for that room alone.
owners='
keys/raw.h         : keys cardapps/sim
openssl/           : keys
p11-kit/           : keys
dlfcn.h            : keys
unicode/           : station/text
sqlite3.h          : station/store
winscard.h         : cardapps/reader/pcsc.c
pcsclite.h         : cardapps/reader/pcsc.c
PCSC/              : cardapps/reader/pcsc.c
cups/              : printer/queue_cups
librsvg/           : printer
cairo              : printer
pango/             : printer
glib               : printer
gio/               : printer
fontconfig/        : printer
libxml/            : printer
qrencode.h         : printer
microhttpd.h       : station/web
jansson.h          : station/cli station/web/desk
'

# The C library and POSIX: for everybody.
libc='assert ctype errno fcntl inttypes langinfo limits locale math poll pthread pwd grp
	sched setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
	stdnoreturn string strings syslog termios threads time unistd wchar dirent fnmatch
	getopt glob netdb arpa/inet net/if netinet/in netinet/tcp ftw spawn libgen'

list=$(mktemp) || exit 1
trap 'rm -f "$list"' EXIT
find station cardapps printer keys tests -name '*.[ch]' 2>/dev/null | sort >"$list"

xargs -r grep -nHE '^[[:space:]]*#[[:space:]]*include' <"$list" |
awk -v rooms="$rooms" -v owners="$owners" -v libc="$libc" -v list="$list" '
function refuse(where, why) { print where ": " why; bad = 1 }

# path is prefix itself, lies below it, or its name begins with it (web/portal, web/portal_page.c)
function below(path, prefix) { return prefix == "*" || index(path, prefix) == 1 }

function in_list(path, words,    w, n, i) {
	n = split(words, w, " ")
	for (i = 1; i <= n; i++)
		if (below(path, w[i]))
			return w[i]
	return ""
}

function row_of(path,    r, best) {
	for (r in uses)
		if (below(path, r) && length(r) > length(best))
			best = r
	return best
}

function folder_of(path) { sub(/[^\/]*$/, "", path); return path }

# every header `file` reaches must be none that `row` may never reach
function reach(file, row, start, via,    i, h, w) {
	for (i = 1; i <= count[file]; i++) {
		h = included[file, i]
		if ((start, h) in reached)
			continue
		reached[start, h] = 1
		if ((w = in_list(h, never[row])) != "")
			refuse(start, "may never reach " w ", includes " via h)
		reach(h, row, start, via h " -> ")
	}
}

function cycle(file, path,    i) {
	state[file] = 1
	for (i = 1; i <= count[file]; i++) {
		if (state[included[file, i]] == 1)
			refuse(file, "a circle: " path " -> " included[file, i])
		else if (!state[included[file, i]])
			cycle(included[file, i], path " -> " included[file, i])
	}
	state[file] = 2
}

function check_ours(where, file, h,    row) {
	if (h ~ /(^|\/)\.\.?\//)
		return refuse(where, "write \"" h "\" from the root, without dots")
	if (h !~ /\//)
		return refuse(where, "write \"" h "\" from the root, with its folder")
	if (!(h in exists) && h !~ /\.def$/)
		return refuse(where, "there is no " h)
	row = row_of(file)
	if (row == "")
		return refuse(where, "this folder has no row in the table")
	if (!below(h, row) && in_list(h, uses[row]) == "")
		refuse(where, row " may not use " h)
	if (h ~ /\/inside\.h$/ && folder_of(file) != folder_of(h) && file !~ /^tests\//)
		refuse(where, h " is for its own room")
	included[file, ++count[file]] = h
}

function check_owner(where, file, h, outside,    o, found, who) {
	for (o in owner) {
		if (!below(h, o))
			continue
		found = 1
		who = owner[o]
		if (file ~ /^tests\//)
			continue
		if (in_list(file, who) == "")
			refuse(where, "only " who " may include " h)
		if ((o in one) && one[o] != 1 && one[o] != file)
			refuse(where, o " belongs in one file, it is in " one[o])
		if (o in one)
			one[o] = file
	}
	if (outside && !found && !(h in standard) && h !~ /^(sys|linux)\// && file !~ /^tests\//)
		refuse(where, "no room is the home of <" h ">")
}

BEGIN {
	n = split(rooms, line, "\n")
	for (i = 1; i <= n; i++) {
		if (split(line[i], part, " *: *") < 2)
			continue
		sub(/ +$/, "", part[1])
		uses[part[1]] = part[2]
		never[part[1]] = part[3]
	}
	n = split(owners, line, "\n")
	for (i = 1; i <= n; i++) {
		if (split(line[i], part, " *: *") < 2)
			continue
		if (sub(/^one /, "", part[2]))
			one[part[1]] = 1
		owner[part[1]] = part[2]
	}
	n = split(libc, word, /[ \t\n]+/)
	for (i = 1; i <= n; i++)
		standard[word[i] ".h"] = 1
	while ((getline h < list) > 0)
		exists[h] = 1
}

{
	split($0, at, ":")
	file = at[1]
	where = file ":" at[2]
	if (match($0, /"[^"]*"/)) {
		h = substr($0, RSTART + 1, RLENGTH - 2)
		check_ours(where, file, h)
		check_owner(where, file, h, 0)
	} else if (match($0, /<[^>]*>/)) {
		check_owner(where, file, substr($0, RSTART + 1, RLENGTH - 2), 1)
	} else {
		refuse(where, "an include the rules cannot read")
	}
}

END {
	for (f in exists)
		if (!state[f])
			cycle(f, f)
	for (f in exists) {
		row = row_of(f)
		if (never[row] != "")
			reach(f, row, f, "")
	}
	exit bad
}'
