#!/bin/sh
# Starts ovsdb-server as Debian's own service would, at its default paths, with an empty database when there is none.
set -eu

database=/etc/openvswitch/conf.db
mkdir -p /run/openvswitch /var/log/openvswitch
if [ ! -e $database ]; then
  ovsdb-tool create $database /usr/share/openvswitch/vswitch.ovsschema
fi
ovsdb-server $database --remote=punix:/run/openvswitch/db.sock \
  --remote=db:Open_vSwitch,Open_vSwitch,manager_options --no-chdir --detach --pidfile \
  -vsyslog:off -vconsole:off --log-file=/var/log/openvswitch/ovsdb-server.log
ovs-vsctl --no-wait --no-syslog init -- set open_vswitch . external_ids:system-id="$OVSD_LAB" \
  external_ids:hostname="$OVSD_LAB"
