/** What udhcpc calls its events: each is the name of a script. */
export const EVENTS = ['bound', 'renew', 'deconfig', 'nak', 'leasefail'] as const

/**
 * What is done at an event of udhcpc, by /bin/sh, in the container's network namespace with the host's files. What the
 * server said stands in variables, of which only these are looked at: ip, mask, router, mtu, lease, serverid. Each is
 * compared with a pattern before it gets into a command, and a lease with a wrong one in it is no lease. Not a command of
 * ovsd's own, which would take 50 MiB for each container at the moment at which all of them start (docs/decisions/0010).
 *
 * The kernel is told when the lease ends, so that an address never outlives it, whoever is killed; the default route goes
 * with the address that it names as its source.
 */
export const EVENT = String.raw`
# The very first event is always "deconfig": a client that is started anew leaves the address that is there.
read -r first && exit

vsctl() {
  nsenter --net=/proc/self/fd/6 ovs-vsctl --timeout=5 --no-wait --db="$OVSD_DB" "$@"
}

# Digits and dots, four numbers, none with a zero in front of it (some would read it as octal); and the address of a host.
is_host() {
  case $1 in
  *[!0-9.]* | *.*.*.*.* | .* | *. | *..* | 0* | *.0[0-9]* | *[0-9][0-9][0-9][0-9]*) return 1 ;;
  127.* | 22[4-9].* | 2[3-9][0-9].* | [3-9][0-9][0-9].*) return 1 ;;
  *.*.*.*) ;;
  *) return 1 ;;
  esac
}
is_number() {
  case $1 in '' | *[!0-9]* | 0?* | ???????????*) return 1 ;; esac
}
is_prefix() {
  is_number "$1" && [ "$1" -ge 8 ] && [ "$1" -le 32 ]
}

{
  read -r owner
  IFS='"/ ' read -r _ old_ip old_prefix _
} <<END
$(vsctl --if-exists get Interface "$OVSD_RECORD" external_ids:ovsd_dhcp_client -- \
  --if-exists get Interface "$OVSD_RECORD" external_ids:ovsd_lease || echo unknown)
END
# The row is gone, or another client looks after the interface.
case $owner in
"\"$OVSD_CLIENT\"" | unknown) ;;
*)
  kill -USR1 "$OVSD_SUPERVISOR"
  exit
  ;;
esac
is_host "$old_ip" && is_prefix "$old_prefix" || old_ip=

give_up() {
  [ -n "$old_ip" ] || exit
  ip address del "$old_ip/$old_prefix" dev "$OVSD_IFACE"
  vsctl --if-exists remove Interface "$OVSD_RECORD" external_ids ovsd_lease "ovsd_ip.$old_ip"
  exit
}

# Whether the container has no default route but by this interface.
is_way_out() {
  while read -r line; do
    case " $line " in
    '  ' | *" dev $OVSD_IFACE "*) ;;
    *) return 1 ;;
    esac
  done <<END
$(ip -4 route show default)
END
}

case $0 in
bound | renew) ;;
deconfig) give_up ;;
*) exit ;;
esac

is_host "$ip" || give_up
[ -n "$mask" ] || mask=32
is_prefix "$mask" || give_up
is_number "$lease" && [ "$lease" -gt 0 ] || give_up
# A shorter one is kept for so long by udhcpc, too: it asks each 15 seconds at most.
[ "$lease" -ge 30 ] || lease=30
is_host "$serverid" || serverid=-
read -r gateway _ <<END
$router
END
is_host "$gateway" && [ "$gateway" != "$ip" ] || gateway=-

if [ "$lease" -gt 2147483647 ]; then
  lifetime=forever expiry=-
else
  # It is the client that lets go of the address first.
  lifetime=$((lease + 10)) expiry=$(($(date +%s) + lease))
fi
[ -z "$old_ip" ] || [ "$old_ip/$old_prefix" = "$ip/$mask" ] || ip address del "$old_ip/$old_prefix" dev "$OVSD_IFACE"
{
  echo "address replace $ip/$mask dev $OVSD_IFACE valid_lft $lifetime preferred_lft $lifetime"
  if [ -n "$OVSD_MTU" ] && is_number "$mtu" && [ "$mtu" -ge 1280 ] && [ "$mtu" -le "$OVSD_MTU" ]; then
    echo "link set dev $OVSD_IFACE mtu $mtu"
  fi
  [ "$gateway" = - ] || ! is_way_out || echo "route replace default via $gateway dev $OVSD_IFACE onlink src $ip"
  # An announcement, as link.configure makes it.
  [ "$ip" = "$old_ip" ] || echo "neigh replace $ip dev $OVSD_IFACE lladdr ff:ff:ff:ff:ff:ff nud probe"
} | ip -batch - || give_up

set -- --if-exists set Interface "$OVSD_RECORD" "external_ids:ovsd_lease=\"$ip/$mask $gateway $serverid $expiry\"" \
  "external_ids:ovsd_ip.$ip=\"$OVSD_BRIDGE\""
if [ -n "$old_ip" ] && [ "$old_ip" != "$ip" ]; then
  set -- --if-exists remove Interface "$OVSD_RECORD" external_ids "ovsd_ip.$old_ip" -- "$@"
fi
vsctl "$@"
`
