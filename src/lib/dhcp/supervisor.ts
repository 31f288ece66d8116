/**
 * The supervisor of one DHCP client, for busybox's shell: udhcpc runs in the container's network namespace, the
 * supervisor in the host's. A process keeps its namespace alive, so the client has to end with the container: each two
 * seconds it is asked whether the path of the container's namespace still leads to it. `read -t` on a pipe that nobody
 * writes to is the only way to wait without a process, and neither is `test` one. A client that ends is started again.
 *
 * Words: port, namespace, the same as a path that is looked up each time, UUID of the Interface row, bridge, interface,
 * highest MTU to accept (or nothing), name to tell the server, database. The scripts for the events are beside it.
 * SIGTERM gives the lease back and ends it, SIGUSR1 ends it as it is.
 */
export const SUPERVISOR = String.raw`
namespace=$2 life=$3 iface=$6 name=$8
export OVSD_RECORD="$4" OVSD_BRIDGE="$5" OVSD_IFACE="$6" OVSD_MTU="$7" OVSD_DB="$9"
cd "$(dirname "$0")" || exit
busybox udhcpc --help >/dev/null 2>&1 || { echo no udhcpc; exit; }
trap 'ending=release' TERM
trap 'ending=leave' USR1
[ -p never ] || mkfifo never
exec 7<>never
# For the events: the network of the host. udhcpc takes 3 and 4 for itself.
exec 6</proc/self/ns/net
read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ </proc/$$/stat
export OVSD_SUPERVISOR=$$ OVSD_CLIENT="$$:$start"
vsctl() { ovs-vsctl --timeout=5 --no-wait --db="$OVSD_DB" "$@"; }
vsctl set Interface "$OVSD_RECORD" external_ids:ovsd_dhcp_client="\"$OVSD_CLIENT\"" || exit
echo started
exec </dev/null >/dev/null 2>&1
pause() { read -r -t 2 nothing <&7; }
# Whether the row is there, and says that this is its client; without an answer, it is.
is_ours() {
  owner=$(vsctl --if-exists get Interface "$OVSD_RECORD" external_ids:ovsd_dhcp_client) || return 0
  [ "$owner" = "\"$OVSD_CLIENT\"" ]
}
# The system's shell and not this one, in which the names of busybox's own applets come first. A supervisor that is killed
# takes its client along; one that was killed before the kernel was told so has another process in its place by then.
begin='exec setpriv --pdeathsig KILL /bin/sh -c "$@"'
enter='[ "$PPID" = "$OVSD_SUPERVISOR" ] && exec nsenter --net="$0" busybox udhcpc "$@"'
while [ -z "$ending" ] && [ "$namespace" -ef "$life" ] && is_ours; do
  echo first | /bin/sh -c "$begin" sh "$enter" "$namespace" -f -R -i "$iface" -s /bin/sh -x "hostname:$name" \
    -a250 -t 5 -T 2 -A 5 -o -O subnet -O router -O mtu -O lease &
  client=$!
  while pause; [ -z "$ending" ] && [ "/proc/$client/ns/net" -ef "$life" ]; do :; done
  case $ending in release) kill -TERM $client ;; *) kill -KILL $client ;; esac
  wait $client
done
`
