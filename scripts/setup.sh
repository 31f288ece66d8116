#!/bin/sh
# Makes this clone ready: `setup.sh build` for building, `setup.sh lab` for running the tests, the demo and the lab too.
# Needs nothing but Debian (or a relative with apt), Node and npm, and root when packages are missing. When nothing is
# missing it only looks, in a few milliseconds, so the npm scripts can call it every time.
set -eu

export PATH="$PATH:/usr/sbin:/sbin"
case $0 in */*) cd "${0%/*}/.." ;; *) cd .. ;; esac
policy=/usr/sbin/policy-rc.d

# A command and the package it comes from. All of them are used by lab/ or by the tests; systemd only to check the unit.
needed='
  ovs-vsctl        openvswitch-common
  ovsdb-tool       openvswitch-common
  ovs-vswitchd     openvswitch-switch
  ovn-nbctl        ovn-common
  ovn-northd       ovn-central
  ovn-controller   ovn-host
  dockerd          docker.io
  docker           docker.io
  docker-compose   docker-compose
  docker-registry  docker-registry
  podman           podman
  conmon           conmon
  runc             runc
  ip               iproute2
  nsenter          util-linux
  ethtool          ethtool
  arping           iputils-arping
  nft              nftables
  iptables         iptables
  xargs            findutils
  tcpdump          tcpdump
  time             time
  sysctl           procps
  uuidgen          uuid-runtime
  mandoc           mandoc
  man              man-db
  tmux             tmux
  systemd-analyze  systemd
'

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*" && exit 1; }

# The content of package-lock.json says what node_modules must hold; a checksum in node_modules says what it holds.
# Times would not do: a checkout sets them anew. npm takes its own node away while it works, hence the other PATH; the
# lock keeps a second npm script from emptying the folder under the first one.
install_modules() {
  command -v npm >/dev/null || die 'npm is missing: install Node 20 or newer with npm'
  say 'installing node_modules (npm ci)'
  PATH=$(printf %s "$PATH" | tr : '\n' | grep -v 'node_modules/.bin$' | paste -sd :)
  npm ci --no-audit --no-fund --loglevel=error >&2 || die 'npm ci failed (its messages are above): is the npm registry reachable?'
  [ -x node_modules/.bin/node ] || die "there is no pinned Node for $(uname -m): only x86_64 and aarch64 are supported"
  printf '%s\n' "$1" >node_modules/.ovsd-setup
}

ensure_modules() {
  want=$(cksum <package-lock.json)
  current() { [ "$(cat node_modules/.ovsd-setup 2>/dev/null)" = "$want" ]; }
  current && return
  exec 9<package-lock.json
  flock 9
  current || install_modules "$want"
  exec 9<&-
}

missing_packages() {
  # The pinned Node is linked with it; the slim images of Debian don't have it.
  set -- /usr/lib/*/libatomic.so.1
  [ -e "$1" ] || echo libatomic1
  [ "$goal" = lab ] || return 0
  printf '%s' "$needed" | while read -r command package; do
    [ -z "$command" ] || command -v "$command" >/dev/null || printf '%s\n' "$package"
  done
  # The container image is made of this binary, so it must be the static one; the package busybox has the same name.
  [ -e /var/lib/dpkg/info/busybox-static.list ] && command -v busybox >/dev/null || echo busybox-static
  # From Debian 13 on, docker.io comes without its command.
  command -v docker >/dev/null || ! apt-cache show docker-cli >/dev/null 2>&1 || echo docker-cli
}

# Without this, installing openvswitch-switch, docker.io and podman would start them here. 101 is "not allowed".
forbid_service_starts() {
  [ ! -e $policy ] || return 0
  trap 'rm -f $policy' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
}

ensure_packages() {
  missing=$(missing_packages | sort -u | paste -sd ' ')
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || die "these packages are missing: $missing. Run 'sudo sh scripts/setup.sh $goal' once, or install them yourself"
  command -v apt-get >/dev/null || die "these packages are missing and there is no apt-get here: $missing"
  export DEBIAN_FRONTEND=noninteractive
  forbid_service_starts
  say 'apt-get update'
  apt-get -qq -o Acquire::Retries=3 update >&2 || say 'apt-get update failed (see above), trying with the package lists at hand'
  missing=$(missing_packages | sort -u | paste -sd ' ')
  say "installing without starting any service: $missing"
  # A package that is in the way of another (systemd and elogind are) stays: tests are no reason to remove anything.
  # shellcheck disable=SC2086 # a list of package names
  report=$(apt-get -qq -y --no-remove -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 install --no-install-recommends $missing 2>&1) || {
    printf '%s\n' "$report" >&2
    die "apt-get install failed (see above): is a Debian mirror reachable? Wanted: $missing"
  }
  missing=$(missing_packages | sort -u | paste -sd ' ')
  [ -z "$missing" ] || die "installed, but still not found: $missing"
  [ ! -d /run/systemd/system ] || say "note: services of new packages start at the next boot; 'systemctl disable' keeps them off"
}

goal=${1:-build}
case $goal in
build | lab) ;;
*) die "usage: setup.sh [build|lab]" ;;
esac
ensure_packages
ensure_modules
