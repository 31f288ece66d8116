#!/bin/sh
# Makes this host a chassis and starts ovn-controller. Its tunnels run in user space, as there is no module for them.
# usage: ovn-controller.sh SOUTHBOUND ENCAP-IP [ENCAP-TYPE]
set -eu

ovs-vsctl --no-syslog set open_vswitch . external_ids:ovn-remote="$1" external_ids:ovn-encap-ip="$2" \
  external_ids:ovn-encap-type="${3:-geneve}" external_ids:ovn-bridge-datapath-type=netdev
/usr/share/ovn/scripts/ovn-ctl start_controller >/dev/null
