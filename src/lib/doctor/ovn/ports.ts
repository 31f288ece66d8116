import { lookAtLogicalPorts } from '../../plan/logical-upkeep.ts'
import { ok, orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import { ofCloud } from './ovn-check.ts'

export const logicalPorts = ofCloud(
  {
    id: 'ovn.ports',
    title: 'the logical port of each container is there and works',
    about:
      'A container in an OVN network is a logical port in the northbound database, bound to this host by ovn-controller. Ports of an earlier life of the container, or of nothing, are left when a host lost power or its name; ovsd makes up for them.',
    needs: ['ovn.northd', 'ovn.controller', 'ovn.chassis', 'port.stale', 'port.link-gone', 'ovn.iface-id'],
  },
  async (_, { host }) => {
    const look = await lookAtLogicalPorts(host)
    if (look === undefined) return ok('none')
    const troubles = [
      ...look.differences.flatMap(({ network, missing, old, gone }): Trouble[] => [
        ...(missing.length + old.length === 0
          ? []
          : [
              {
                ...{ level: 'fail' as const, subject: `network ${network}` },
                said: `${String(missing.length + old.length)} logical ports of the network ${network} are missing, or of an earlier life of their containers.`,
                evidence: [
                  ...missing.map(({ name }) => `ovn-nbctl find Logical_Switch_Port name=${name}: nothing`),
                  ...old.map(({ port }) => `ovn-nbctl find Logical_Switch_Port name=${port.name}: of an earlier life`),
                ].slice(0, 5),
                fix: typed('ovsd watch --once'),
              },
            ]),
        ...(gone.length === 0
          ? []
          : [
              {
                ...{ level: 'warn' as const, subject: `network ${network}` },
                said: `${String(gone.length)} logical ports of the network ${network} are for nothing that is on this host.`,
                evidence: gone
                  .slice(0, 5)
                  .map(({ name }) => `ovs-vsctl find Interface external_ids:iface-id=${name}: nothing`),
                fix: typed('ovsd gc'),
              },
            ]),
      ]),
      ...look.down.map(({ name, container, iface }): Trouble => ({
        ...{ level: 'fail', subject: `logical port ${name}` },
        said: `The logical port of ${iface} in ${container.name} is not up: ovn-controller has not bound it.`,
        evidence: [`ovn-nbctl lsp-get-up ${name}: down`],
        fix: typed('tail /var/log/ovn/ovn-controller.log'),
      })),
    ]
    return orOk(troubles, 'all up')
  },
)

export const ifaceIds: Check = {
  id: 'ovn.iface-id',
  title: 'no two ports of this host claim one logical port',
  about:
    'ovn-controller binds the interface whose external_ids:iface-id is the name of the logical port. When two have the same, it takes one of them, and the other gets nothing.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const ports = await patient.ports()
    const holders = new Map<string, string[]>()
    for (const { interface: row } of ports) {
      const id = row.externalIds['iface-id']
      if (id !== undefined) holders.set(id, [...(holders.get(id) ?? []), row.name])
    }
    const troubles = [...holders]
      .filter(([, names]) => names.length > 1)
      .map(([id, names]): Trouble => ({
        ...{
          level: 'fail',
          subject: `logical port ${id}`,
          said: `${names.join(' and ')} both claim the logical port ${id}: only one of them works.`,
        },
        evidence: names.map((name) => `ovs-vsctl get Interface ${name} external_ids:iface-id: ${id}`),
        fix: typed(
          `ovs-vsctl remove Interface ${names.at(-1) ?? ''} external_ids iface-id   # the one that is not meant`,
        ),
      }))
    return orOk(troubles, holders.size === 0 ? 'none' : `${String(holders.size)} claimed once`)
  },
}
