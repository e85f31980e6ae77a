#!/bin/sh
# setup.sh [-n] [GROUP...]: installs what tests/packages.txt lists for these groups (build,
# test and lint without arguments) and this Debian lacks; with -n it only names them. Silent
# when nothing is missing; then it needs neither root nor network.
set -u
here=$(dirname "$0")

fail() {
	printf '\n%s\n%s\n' "$1" "$2" >&2
	exit 1
}

only_name=0
if [ "${1:-}" = -n ]; then
	only_name=1
	shift
fi
groups=${*:-build test lint}
wanted=$(awk -v groups=" $groups " '!/^#/ && NF && index(groups, " " $1 " ") { print $2 }' \
	"$here/packages.txt")

command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 || fail \
	"راه‌اندازی خودکار فقط روی دبیان کار می‌کند؛ معادل بسته‌های فهرست tests/packages.txt را خودتان نصب کنید." \
	"Automatic set-up works on Debian only: install the counterparts of the packages in tests/packages.txt yourself."

# shellcheck disable=SC2086
missing=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null |
	awk -v wanted="$wanted" '
		$1 == "ii" { have[$2] = 1 }
		END { n = split(wanted, w); for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i] }')
[ -n "$missing" ] || exit 0

if [ $only_name = 1 ]; then
	echo "Missing packages, 'make setup' installs them:"
else
	echo "Missing packages, installed now:"
fi
for package in $missing; do
	awk -v p="$package" '!/^#/ && $2 == p {
		why = $0; sub(/^[^ ]+ +[^ ]+ +/, "", why); printf "  %-20s %s\n", p, why; exit }' \
		"$here/packages.txt"
done

[ $only_name = 0 ] || exit 1

root=
if [ "$(id -u)" -ne 0 ]; then
	root=sudo
	command -v sudo >/dev/null 2>&1 || fail \
		"برای نصب این بسته‌ها دسترسی root لازم است و sudo روی این دستگاه نیست؛ همین فرمان را با کاربر root اجرا کنید." \
		"Installing these needs root, and sudo is not on this machine: run the same command as root."
fi

apt() {
	$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
		-o Acquire::Retries=3 "$@"
}

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { apt update && apt install --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 15 "$log" >&2
	fail "نصب بسته‌ها انجام نشد؛ اتصال شبکه و مخزن‌های apt را بررسی کنید و دوباره همین فرمان را اجرا کنید." \
		"The packages could not be installed: check the network and apt's sources, then run the same command again."
fi
echo "Installed."
