#!/bin/sh
# Starts the databases of OVN and ovn-northd as Debian's own services would, at their default paths.
# usage: ovn-central.sh [ADDRESS]; with an address both databases listen there, on plain TCP
set -eu

ovn_ctl=/usr/share/ovn/scripts/ovn-ctl
$ovn_ctl start_northd >/dev/null
if [ $# -gt 0 ]; then
  ovn-nbctl --no-leader-only set-connection "ptcp:6641:$1"
  ovn-sbctl --no-leader-only set-connection "ptcp:6642:$1"
fi
