#!/bin/sh
# Starts ovs-vswitchd at its default paths. Bridges need `datapath_type=netdev` where the kernel has no module for OVS.
set -eu

[ -c /dev/net/tun ] || {
  echo 'there is no /dev/net/tun on this machine: Open vSwitch in user space needs it' >&2
  exit 1
}
mkdir -p /run/openvswitch /var/log/openvswitch
ovs-vswitchd unix:/run/openvswitch/db.sock --no-chdir --detach --pidfile \
  -vsyslog:off -vconsole:off --log-file=/var/log/openvswitch/ovs-vswitchd.log
