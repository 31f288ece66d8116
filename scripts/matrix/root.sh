#!/bin/sh
# Makes the root folder of one row of the matrix, once: a Debian by debootstrap, with what `setup.sh lab` installs.
# usage: root.sh SUITE FOLDER
# Nothing is at FOLDER until all of it is there; it is made anew when what it is made by has changed. Needs root, and a Debian
# mirror: the one of this machine's apt, or OVSD_MATRIX_MIRROR (a URL). Takes some two minutes and 1.1 GB.
set -eu

suite=$1
root=$2
here=${0%/*}
export DEBIAN_FRONTEND=noninteractive

say() { printf 'matrix: %s\n' "$*" >&2; }
die() { say "$*" && exit 1; }

# Whoever runs tests in it holds the lock shared (scripts/matrix.ts), and nobody changes a root under them.
mkdir -p "${root%/*}"
exec 9>"$root.lock"
want=$(cat "$here/root.sh" "$here/../setup.sh" | cksum)
is_ready() { [ "$(cat "$root/.ovsd-matrix" 2>/dev/null)" = "$want" ]; }
flock --shared --nonblock 9 || { say "waiting for whoever makes $root" && flock --shared 9; }
! is_ready || exit 0
flock --nonblock 9 || { say "waiting for tests that run in $root" && flock 9; }
! is_ready || exit 0

# The archive of Debian itself, and not that of its security updates, whose label is another one.
known_mirror() {
  # shellcheck disable=SC2016 # apt-get replaces these
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 'Component: main' |
    grep -E '^https?://' | head -n 1
}
if ! command -v debootstrap >/dev/null || [ -z "${OVSD_MATRIX_MIRROR:-$(known_mirror)}" ]; then
  say 'apt-get update'
  apt-get -qq -o Acquire::Retries=3 update >&2 || die 'apt-get update failed (see above)'
  apt-get -qq -y --no-remove -o Dpkg::Use-Pty=0 install --no-install-recommends debootstrap debian-archive-keyring >&2 ||
    die 'debootstrap cannot be installed (see above)'
fi
mirror=${OVSD_MATRIX_MIRROR:-$(known_mirror)}
[ -n "$mirror" ] || die 'apt has no Debian mirror here: name one in OVSD_MATRIX_MIRROR'

# What an interrupted run has left is no root of anything.
rm -rf --one-file-system "$root.part"
say "making $root: debootstrap of $suite"
debootstrap --variant=minbase "$suite" "$root.part" "$mirror" >"$root.log" 2>&1 || {
  tail -n 20 "$root.log" >&2
  die "debootstrap failed (see above; all of it is in $root.log)"
}
# A mirror that stands still has lists that are past their time; which versions came of them is asked before tests run.
echo 'Acquire::Check-Valid-Until "false";' >"$root.part/etc/apt/apt.conf.d/10ovsd-matrix"
sh "$here/enter.sh" "$root.part" keep sh scripts/setup.sh lab
sh "$here/enter.sh" "$root.part" keep apt-get clean
printf '%s\n' "$want" >"$root.part/.ovsd-matrix"
rm -rf --one-file-system "$root"
mv "$root.part" "$root"
say "made $root"
