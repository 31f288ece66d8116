#!/bin/sh
# Gives the mount namespace it runs in its own /proc, /sys, /run, /etc, /var/log and /var/lib. The machine's folders are not
# touched: mount points that the machine lacks are made in the private copies only.
set -eu

mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
# The state of private hosts lives here: the backing of /etc and /var/lib, the image of containers.
lab=/run/lab
mkdir -p $lab/lib $lab/etc $lab/cgroup /run/lock

# A fresh sysfs shows the links of this network namespace; dockerd needs the machine's cgroups below it.
mount --rbind /sys/fs/cgroup $lab/cgroup
mount -t sysfs sysfs /sys
mount --move $lab/cgroup /sys/fs/cgroup

# /etc is small enough to copy, which also catches whatever else gets written there.
cp -a /etc/. $lab/etc
rm -rf $lab/etc/openvswitch $lab/etc/ovn $lab/etc/docker $lab/etc/ovsd
mkdir $lab/etc/openvswitch $lab/etc/ovn $lab/etc/docker
mount --bind $lab/etc /etc

# /var/lib may be large: its folders are bound, except those that belong to the services of this host.
mount -t tmpfs -o mode=755 tmpfs $lab/lib
for folder in /var/lib/*/; do
  name=${folder#/var/lib/}
  name=${name%/}
  case $name in
  docker | containerd | containers | openvswitch | ovn | ovsd | \*) continue ;;
  esac
  mkdir "$lab/lib/$name"
  mount --rbind "/var/lib/$name" "$lab/lib/$name"
done
mkdir $lab/lib/docker $lab/lib/openvswitch $lab/lib/ovn
mount --move $lab/lib /var/lib

mount -t tmpfs -o mode=755 tmpfs /var/log
