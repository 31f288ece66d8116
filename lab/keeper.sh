#!/bin/sh
# The outermost process of a private host: starts it, waits for its end, takes away what the kernel does not.
# usage: keeper.sh SERVICES [DOCKERD-OPTION...], with the host's id in OVSD_LAB
# stdin is a pipe from the process that wanted the host; its end (stop, exit or SIGKILL) is what ends the host.
# Descriptor 3 takes the lines of init.sh.
here=${0%/*}

# A handler, and not "ignore", because ignored signals are inherited by everything in the host.
trap : HUP INT TERM

# Even a SIGKILL of this script must end the host, hence the two death signals (setpriv's and --kill-child).
setpriv --pdeathsig KILL \
  unshare --mount --net --uts --pid --fork --kill-child --propagation private sh "$here/init.sh" "$@"
exec 3>&-

# Processes, mounts and links died with their namespaces. What is left are the cgroups that Docker made for containers
# of this host and of hosts inside it (their ids start with ours). The kernel needs a moment to empty them.
tries=0
while [ $tries -lt 100 ]; do
  left=
  for group in /sys/fs/cgroup/"$OVSD_LAB"* /sys/fs/cgroup/*/"$OVSD_LAB"*; do
    [ ! -d "$group" ] || left="$left $group"
  done
  [ -n "$left" ] || exit 0
  # shellcheck disable=SC2086 # a list of paths without spaces
  find $left -depth -type d -exec rmdir {} + 2>/dev/null
  tries=$((tries + 1))
  sleep 0.02
done
echo "left behind:$left" >&2
exit 1
