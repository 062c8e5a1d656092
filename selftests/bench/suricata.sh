#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Unpacks Suricata of Debian sid with its libraries below build/suricata, with apt's own downloader and state there; nothing is
# installed. Says the command that runs it, or ends with 1 and the reason on standard error. The mirror is the one that this machine uses
# for Debian; APT_MIRROR names another.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD/build/suricata
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
fail() { echo "$1" >&2; exit 1; }

command_line() {
	local loader
	loader=$(ls "$top"/root/usr/lib*/ld-linux*.so.* "$top"/root/usr/lib/*-linux-gnu*/ld-linux*.so.* 2>/dev/null | head -1)
	[ -n "$loader" ] || return 1
	local libraries
	libraries=$(echo "$top"/root/usr/lib/*-linux-gnu*)
	local run="$loader --library-path ${libraries// /:} $top/root/usr/bin/suricata"
	$run -V >/dev/null 2>&1 && echo "$run"
}

command_line && exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "apt-get and dpkg-deb are needed"
[ -e $keyring ] || fail "$keyring is missing (package debian-archive-keyring)"
rm -rf "$top/apt" "$top/root"
mkdir -p "$top"/apt/{lists/partial,cache/archives/partial,parts,state} "$top/root" || exit 1
: >"$top/apt/status"
mirror=${APT_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Component: main' 2>/dev/null | grep -v -- -security | head -1)}
[ -n "$mirror" ] || fail "no Debian mirror is configured here; name one by APT_MIRROR"
echo "deb [signed-by=$keyring] $mirror sid main" >"$top/apt/sources.list"
cat >"$top/apt/apt.conf" <<-END
	Dir::State "$top/apt/state"; Dir::State::lists "$top/apt/lists"; Dir::State::status "$top/apt/status";
	Dir::Cache "$top/apt/cache"; Dir::Etc::sourcelist "$top/apt/sources.list"; Dir::Etc::sourceparts "$top/apt/parts";
	Dir::Etc::preferencesparts "$top/apt/parts"; APT::Install-Recommends "false"; Acquire::Languages "none";
END
export APT_CONFIG=$top/apt/apt.conf
{ apt-get update && apt-get install --download-only -y suricata; } >"$top/apt/log" 2>&1 ||
	fail "Debian sid's suricata cannot be fetched: $(grep -m1 '^[EW]:' "$top/apt/log" | cut -c1-200)"
for package in "$top"/apt/cache/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$package" | tar -x -C "$top/root" --exclude=./dev --exclude=./usr/share/doc --exclude=./usr/share/man ||
		fail "$package cannot be unpacked"
done
rm -rf "$top/apt/lists" "$top/apt/cache"
command_line || fail "the unpacked suricata does not run here"
