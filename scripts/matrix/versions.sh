#!/bin/sh
# Says what runs in the private host that it is run in: for each part a line `NAME<tab>VERSION`. The running daemons are asked,
# and not the files; ovn-northd is started for it.
set -eu

sh "${0%/*}/../../lab/services/ovn-central.sh"
version() { sed -E 's/^[^0-9]*([0-9][^ ]*).*/\1/;q'; }
printf 'Open vSwitch\t%s\n' "$(ovs-appctl -t ovs-vswitchd version | version)"
printf 'OVN\t%s\n' "$(ovn-appctl -t ovn-northd version | version)"
printf 'Docker\t%s\n' "$(docker version --format '{{.Server.Version}}')"
