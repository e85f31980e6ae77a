#!/bin/sh
# Make one C array of all sentences: an ICU resource bundle a language, packed together.
# usage: bundle.sh FOLDER OUT.c     FOLDER holds LANG/ROOM.txt, lines "NAME { "words" }"
set -eu

from=$1
out=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/bashgah-text.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# one bundle of the files given; the opening shares their first line, so that line numbers stay true
wrap() {
	printf '%s { ' "$1"
	shift
	cat "$@"
	printf '\n}\n'
}

compile() {
	genrb -q -e UTF-8 -s "$work" -d "$1" "$2.txt" >"$work/said" 2>&1
}

# the whole does not compile: find the file that does not compile alone
blame() {
	mkdir "$work/alone"
	for file in "$from/$1"/*.txt; do
		wrap "$1" "$file" >"$work/$1.txt"
		compile "$work/alone" "$1" && continue
		echo "$file: not a list of messages:" >&2
		sed "s|^.*/$1.txt:|$file:|" "$work/said" >&2
		exit 1
	done
	echo "$from/$1: a name stands in two files:" >&2
	cat "$work/whole" >&2
	exit 1
}

mkdir "$work/res"
for lang in en fa; do
	wrap "$lang" "$from/$lang"/*.txt >"$work/$lang.txt"
	if ! compile "$work/res" "$lang"; then
		cp "$work/said" "$work/whole"
		blame "$lang"
	fi
	echo "$lang.res" >>"$work/list.lst"
done
mkdir "$work/tmp"
if ! pkgdata -q -m common -p bashgah -s "$work/res" -d "$work" -T "$work/tmp" "$work/list.lst" \
    >"$work/said" 2>&1; then
	cat "$work/said" >&2
	exit 1
fi
{
	echo '/* made by station/text/bundle.sh from station/text/messages */'
	echo '#include "station/text/messages.h"'
	echo '_Alignas(16) const unsigned char text_messages[] = {'
	od -An -v -tx1 "$work/bashgah.dat" | sed 's/ \(..\)/0x\1,/g'
	echo '};'
} >"$work/messages.c"
# renamed into place: a build beside this one never reads half of it
cp "$work/messages.c" "$out.$$"
mv "$out.$$" "$out"
