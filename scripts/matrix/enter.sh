#!/bin/sh
# Runs a command with the folder of another Debian as its root, on this kernel, with our environment and in our folder.
# usage: enter.sh ROOT keep|forget COMMAND [ARG...]; what it writes into that root stays there (keep), or not (forget)
# The mounts are in a namespace of their own and end with the command. Needs root.
set -eu

if [ "${1:-}" != --inside ]; then
  # setpriv: whoever ends us ends what we started, a SIGKILL included.
  exec setpriv --pdeathsig KILL unshare --mount --propagation private sh "$0" --inside "$@"
fi
root=$2
changes=$3
shift 3
clone=$(pwd -P)

# In its own tmpfs, so that no mount point has to be made on the machine.
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/root
if [ "$changes" = keep ]; then
  mount --bind "$root" /mnt/root
else
  mkdir /mnt/upper /mnt/work
  mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
fi
cd /mnt/root
for folder in proc sys dev; do mount --rbind /$folder $folder; done
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
# The clone is where it was, because PATH and scripts name it so.
mkdir -p ".$clone"
mount --rbind "$clone" ".$clone"
[ ! -e /etc/resolv.conf ] || cat /etc/resolv.conf >etc/resolv.conf

# Really the root and no chroot: runc and dockerd pivot too, and what is left of the old root would be theirs to see.
mkdir -p run/machine
pivot_root . run/machine
cd "$clone"
umount -l /run/machine
rmdir /run/machine
exec "$@"
