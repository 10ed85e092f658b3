#!/usr/bin/env bash
# Installs the Debian packages of tools/packages.txt that are missing: install_packages.sh GROUP...
# Asks nothing, removes nothing, and leaves no service running or enabled that was not there before.
set -euo pipefail

readonly list="$(dirname "$(readlink -f "$0")")/packages.txt"
readonly root=${MAILFERRY_INSTALL_ROOT:-}  # only tests set it
readonly policy=$root/usr/sbin/policy-rc.d
readonly saved_policy=$policy.before-mailferry
readonly boot_steps='^(procps|procps\.service)$'  # set the system up once and end; they come with cmake

die() { printf 'install_packages: %s\n' "$*" >&2; exit 1; }

packages_of() {  # GROUP...: the packages that are in one of the groups
  awk -v wanted="$*" '
    BEGIN { split(wanted, names, " "); for (i in names) want[names[i]] = 1 }
    /^#/ || NF < 2 { next }
    { split($2, groups, ","); for (i in groups) if (groups[i] in want) { print $1; next } }' "$list"
}

missing_of() {  # PACKAGE...: those that are not installed
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1) == installed ]] || echo "$package"
  done
}

services() {  # names of all services and sockets on this machine, one a line
  local file
  for file in "$root"/etc/init.d/* "$root"/lib/systemd/system/*.{service,socket}; do
    if [[ -f $file || -L $file ]]; then basename "$file"; fi
  done | sort -u
}

undo_killed_run() {  # a run that was killed could not put things back
  if [[ -f $policy ]] && grep -q 'Temporary, while mailferry installs' "$policy"; then rm -f "$policy"; fi
  if [[ -e $saved_policy && ! -e $policy ]]; then mv "$saved_policy" "$policy"; fi
}

deny_new_services() {  # what was installed before may be restarted by an upgrade; nothing new may start
  if [[ -x $policy ]]; then
    "$policy" mailferry-new-service start >/dev/null 2>&1 && status=0 || status=$?
    if [[ $status == 101 ]]; then return; fi  # this machine denies it already
  fi
  if [[ -e $policy || -L $policy ]]; then mv "$policy" "$saved_policy"; fi
  {
    printf '#!/bin/sh\n# Temporary, while mailferry installs packages; removed afterwards.\ncase "${1%%.service}" in\n'
    sed -E 's/\.service$//; s/.*/  "&") exit 0;;/' <<<"$services_before"
    printf 'esac\nexit 101\n'
  } >"$policy"
  chmod 755 "$policy"
  made_policy=yes
}

restore_policy() {
  if [[ ${made_policy:-} == yes ]]; then rm -f "$policy"; fi
  if [[ -e $saved_policy || -L $saved_policy ]]; then mv "$saved_policy" "$policy"; fi
}

disable_new_services() {
  local name
  while read -r name; do
    if [[ $name == *.service || $name == *.socket ]]; then
      deb-systemd-helper disable "$name" >/dev/null 2>&1 || true
    else
      update-rc.d "$name" disable >/dev/null 2>&1 || true
    fi
    echo "  $name is installed but neither started nor enabled"
  done < <(comm -13 <(echo "$services_before") <(services) | grep -Ev "$boot_steps")
}

simulate() { apt-get -s install --no-install-recommends "$@" 2>&1; }

check_plan() {  # refreshes the package lists if they do not know all; refuses to remove anything
  local plan removed package
  if ! plan=$(simulate "$@"); then
    echo "  refreshing the package lists"
    apt-get -qq -o DPkg::Lock::Timeout=300 update || die "apt-get update failed; check the network and /etc/apt/sources.list"
    for package in "$@"; do
      grep -q 'Candidate: [^(]' <<<"$(apt-cache policy "$package")" ||
        die "the package '$package' is not in this machine's package sources; mailferry is built on Debian 12"
    done
    plan=$(simulate "$@") || die "apt cannot install $*: $plan"
  fi
  removed=$(awk '/^Remv/ { printf "%s ", $2 }' <<<"$plan")
  [[ -z $removed ]] || die "installing $* would remove ${removed}; nothing was changed. Use another machine or a container"
}

install() {
  apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef \
    -o Dpkg::Options::=--force-confold install --no-install-recommends "$@" >"$log" 2>&1
}

unpack() {  # GROUP...: some tests need servers that must not be installed
  if [[ " $* " == *" servers "* && -z ${MAILFERRY_INSTALL_ONLY:-} ]]; then "$(dirname "$list")/unpack_servers.sh"; fi
}

[[ $# -gt 0 ]] || die "usage: install_packages.sh GROUP... (groups are in tools/packages.txt)"
mapfile -t wanted < <(packages_of "$@")
[[ ${#wanted[@]} -gt 0 ]] || die "no package is in the groups '$*'"
command -v dpkg-query >/dev/null || die "this is not Debian; install what these Debian packages hold: ${wanted[*]}"
mapfile -t missing < <(missing_of "${wanted[@]}")
if [[ ${#missing[@]} -eq 0 ]]; then
  unpack "$@"
  exit 0
fi

if [[ $(id -u) != 0 ]]; then
  command -v sudo >/dev/null || die "missing packages: ${missing[*]}. Install them as root: apt-get install ${missing[*]}"
  [[ -t 0 ]] || sudo -n true 2>/dev/null || die "missing packages: ${missing[*]}. sudo asks for a password; run ./dev on a terminal"
  sudo env MAILFERRY_INSTALL_ONLY=yes bash "$0" "$@"  # what is unpacked belongs to the user
  unpack "$@"
  exit 0
fi

echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1 LC_ALL=C.UTF-8
log=$(mktemp)
services_before=$(services)
undo_killed_run
trap 'restore_policy; rm -f "$log"' EXIT
trap 'exit 130' INT TERM HUP
check_plan "${missing[@]}"
deny_new_services
if ! install "${missing[@]}"; then  # lists older than the mirror name files that are gone
  apt-get -qq -o DPkg::Lock::Timeout=300 update || true
  install "${missing[@]}" || { tail -n 15 "$log" >&2; die "apt-get install failed; the lines above say why"; }
fi
disable_new_services
mapfile -t missing < <(missing_of "${missing[@]}")
[[ ${#missing[@]} -eq 0 ]] || die "still missing after the installation: ${missing[*]}"
unpack "$@"
