#!/usr/bin/env bash
# Downloads the packages of the group `unpack` in tools/packages.txt and unpacks them, without installing anything, into
# $MAILFERRY_SERVERS or else build/servers. They hold the other IMAP servers of the tests: installed, cyrus-imapd and
# courier-imap would remove dovecot-imapd, and their companions would bring a mail transport and services of their own.
set -euo pipefail

readonly here=$(dirname "$(readlink -f "$0")")
readonly list=$here/packages.txt
readonly servers=${MAILFERRY_SERVERS:-$(dirname "$here")/build/servers}
readonly stamp=$servers/packages  # what was unpacked; written last

die() { printf 'unpack_servers: %s\n' "$*" >&2; exit 1; }

wanted() { awk '!/^#/ && $2 == "unpack" { print $1 }' "$list"; }

refresh() {  # only root may refresh the package lists
  local as_root=()
  if [[ $(id -u) != 0 ]]; then as_root=(sudo -n); fi
  "${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null 2>&1
}

download() {  # PACKAGE...: into the current folder
  apt-get -qq -o APT::Sandbox::User=root download "$@" >download.log 2>&1
}

unpack() {  # every .deb of the current folder
  local file
  for file in *.deb; do dpkg -x "$file" tree; done
}

mapfile -t packages < <(wanted)
[[ ${#packages[@]} -gt 0 ]] || die "no package of $list is in the group 'unpack'"
if [[ -f $stamp && $(cat "$stamp") == "${packages[*]}" ]]; then exit 0; fi
command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
  die "this is not Debian; unpack what these Debian packages hold into $servers: ${packages[*]}"

echo "Unpacking into $servers, without installing: ${packages[*]}"
mkdir -p "$(dirname "$servers")"
readonly work=$(mktemp -d "$servers.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
if ! download "${packages[@]}"; then  # no lists, or older than the mirror
  refresh || true
  download "${packages[@]}" || die "cannot download ${packages[*]}: $(tail -n 2 download.log | tr '\n' ' ')"
fi
unpack
echo "${packages[*]}" >tree/packages
chmod 755 tree
rm -rf "$servers"
mv tree "$servers"
