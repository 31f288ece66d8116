#!/bin/sh
# Process 1 of a private host. Makes the file systems private, starts the services and then only waits.
# usage: init.sh db|ovs|docker [DOCKERD-OPTION...]
# Tells on descriptor 3 what it does, one line each: `pid N` (as seen outside), `step NAME` and at last `ready`.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
here=${0%/*}

# /proc is still the one from outside: it knows us by the number that nsenter needs.
read -r pid rest </proc/self/stat
echo "pid $pid" >&3

# When the pipe on stdin ends, so does this process, and with it every process here. A command in the background gets
# no stdin of its own, so the pipe moves to descriptor 4 first.
exec 4<&0 </dev/null
trap 'exit 0' TERM
{
  cat <&4 >/dev/null
  kill -TERM $$
} 3>&- &
watcher=$!
exec 4<&-

step() {
  echo "step $1" >&3
  shift
  "$@" 3>&-
}

services=$1
shift
step files sh "$here/files.sh"
step links ip link set lo up
hostname ovsd-lab
step ovsdb-server sh "$here/services/ovsdb-server.sh"
if [ "$services" != db ]; then
  step ovs-vswitchd sh "$here/services/ovs-vswitchd.sh"
fi
if [ "$services" = docker ]; then
  step dockerd sh "$here/services/dockerd.sh" "$@"
  step image sh "$here/image.sh"
fi
echo ready >&3
exec 3>&-

# While it waits the shell also collects the dead that have no other parent.
wait $watcher
