// This host as a chassis.
import { parseIp } from '../../net/ip-address.ts'
import { waysTo } from '../../net/way-to.ts'
import { hasAddress } from '../../ovn/encap-ip.ts'
import { ok, orOk, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import { ofCloud, ofOvn } from './ovn-check.ts'

export const controller = ofOvn(
  {
    id: 'ovn.controller',
    title: 'ovn-controller runs and is connected',
    about:
      'ovn-controller of each host asks the southbound database for its flows and puts them into br-int. When it is stopped, flows stay as they are: what works goes on, and no new port does.',
    needs: ['ovn.central', 'ovs.vswitchd'],
  },
  ({ controller: { state, version, isConnected } }) => {
    if (state === 'running' && isConnected) return ok(`${version}, connected`)
    const said = {
      'not installed': 'ovn-controller is not installed on this host.',
      stopped: 'ovn-controller does not run on this host: no new port of an OVN network works.',
      running: 'ovn-controller has no connection to the southbound database.',
    }[state]
    return [
      {
        ...{ level: 'fail', subject: 'ovn-controller', said },
        evidence: [`ovn-appctl -t ovn-controller connection-status: ${state === 'running' ? 'not connected' : state}`],
        fix: typed(
          {
            'not installed': 'apt-get install ovn-host',
            stopped: 'systemctl start ovn-controller',
            running: 'tail /var/log/ovn/ovn-controller.log',
          }[state],
        ),
      },
    ]
  },
)

export const chassis = ofCloud(
  {
    id: 'ovn.chassis',
    title: 'this host is a chassis',
    about:
      'A host takes part when the southbound database has a Chassis with its system-id. When somebody changes system-id the old chassis stays: ports are bound to a host that is not there any more.',
    needs: ['ovn.controller'],
  },
  ({ cloud, local }) => {
    const { systemId, externalIds } = local
    const own = cloud.chassis.find(({ name }) => name === systemId)
    const address = externalIds['ovn-encap-ip']
    const sameAddress = cloud.chassis.filter(
      ({ name, encaps }) => name !== systemId && encaps.some(({ ip }) => ip === address),
    )
    if (own === undefined)
      return [
        {
          ...{ level: 'fail', subject: `chassis ${systemId}` },
          said: `This host (${systemId || 'without a system-id'}) is not registered as a chassis.`,
          evidence: [
            `ovn-sbctl --columns=name list Chassis: ${cloud.chassis.map(({ name }) => name).join(', ') || 'none'}`,
          ],
          fix: typed('ovsd ovn join'),
        },
      ]
    const [old] = sameAddress
    if (old !== undefined)
      return [
        {
          ...{ level: 'fail', subject: `chassis ${old.name}` },
          said: `The chassis ${old.name} (${old.hostname}) has the tunnel address ${address ?? ''} of this host, ${systemId}: the system-id was changed, or two hosts have one address.`,
          evidence: [
            `ovn-sbctl --columns=chassis_name find Encap ip=${address ?? ''}: ${old.name}, and not ${systemId}`,
          ],
          fix: typed(`ovn-sbctl chassis-del ${old.name}   # when that is this host's old name`),
        },
      ]
    return ok(`${systemId}, one of ${String(cloud.chassis.length)}`)
  },
)

export const encapIp = ofOvn(
  {
    id: 'ovn.encap-ip',
    title: 'this host has the address that tunnels lead to',
    about:
      'Other hosts send to the ovn-encap-ip of this one. When no interface has that address any more (DHCP, a NIC that was renamed), nothing comes in.',
    needs: ['ovs.database'],
  },
  async ({ local }, { host }) => {
    // Several, with commas, since OVN 24.03.
    const all = (local.externalIds['ovn-encap-ip'] ?? '').split(',').filter((one) => one !== '')
    if (all.length === 0) return ok('none yet')
    const has = await Promise.all(all.map((one) => hasAddress(host.run, one)))
    const address = all.find((_, i) => has[i] === false)
    return address === undefined
      ? ok(all.join(', '))
      : [
          {
            ...{ level: 'fail', subject: 'ovn-encap-ip' },
            said: `This host does not have ${address}, to which the tunnels of the others lead.`,
            evidence: [
              `ovs-vsctl get Open_vSwitch . external_ids:ovn-encap-ip: ${all.join(',')}`,
              `ip address show to ${address}: nothing`,
            ],
            fix: typed('ovsd ovn join --encap-ip=ADDRESS   # one that this host has, or give it that one back'),
          },
        ]
  },
)

export const tunnels = ofOvn(
  {
    id: 'ovn.tunnels',
    title: 'the tunnels to the other hosts are up',
    about:
      'ovn-controller makes a tunnel to each other chassis. One that Open vSwitch could not make, or whose other end is silent (BFD), carries nothing between these two hosts.',
    needs: ['ovn.controller', 'ovn.encap-ip'],
  },
  async ({ tunnels: all }, { host }) => {
    const remotes = all.flatMap(({ remoteIp }) => (remoteIp === '' ? [] : [parseIp(remoteIp, 'remote_ip')]))
    const ways = await waysTo(host.run, remotes)
    const cutOff = all.filter(
      ({ remoteIp, isUp }) => isUp && remoteIp !== '' && !ways.has(parseIp(remoteIp, 'remote_ip').text),
    )
    const found = [
      ...cutOff.map(({ port, remoteIp, chassis: to }): Trouble => ({
        ...{ level: 'fail', subject: `tunnel ${port}` },
        said: `This host has no way to ${remoteIp}, where the tunnel ${port} to ${to} ends: nothing gets to the containers there.`,
        evidence: [`ip route get ${remoteIp}: no route`],
        fix: typed(`ip route get ${remoteIp}`, `# when that host is gone for good: ovn-sbctl chassis-del ${to}`),
      })),
      ...all
        .filter(({ isUp, bfd }) => !isUp || bfd === 'down')
        .map(({ port, remoteIp, chassis: to, isUp, bfd }): Trouble => ({
          ...{ level: 'fail', subject: `tunnel ${port}`, said: `The tunnel ${port} to ${to} (${remoteIp}) is down.` },
          evidence: [
            `ovs-vsctl get Interface ${port} link_state bfd_status: ${isUp ? 'up' : 'down'}${bfd === '' ? '' : `, BFD ${bfd}`}`,
          ],
          fix: typed(`ovs-vsctl list Interface ${port}`, `ping -c 3 ${remoteIp}`),
        })),
    ]
    return orOk(found, all.length === 0 ? 'no other host' : `${String(all.length)} up`)
  },
)
