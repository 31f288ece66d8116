#!/bin/sh
# Starts dockerd (and with it containerd) and returns when it answers. It gets no bridge and no firewall of its own.
# usage: dockerd.sh [DOCKERD-OPTION...]; the log is /var/log/docker.log
set -eu

# The groups are named for the private host so that whoever ends it can find them.
dockerd --bridge=none --iptables=false --ip6tables=false --storage-driver=vfs \
  --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent="/$OVSD_LAB" "$@" \
  </dev/null >>/var/log/docker.log 2>&1 &
pid=$!

tries=0
until [ -S /run/docker.sock ] && docker version >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ $tries -gt 600 ] || ! kill -0 $pid 2>/dev/null; then
    echo 'dockerd did not start; the end of its log:' >&2
    tail -n 20 /var/log/docker.log >&2
    exit 1
  fi
  sleep 0.05
done
