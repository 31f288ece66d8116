import { CommandFailed } from '../../errors.ts'
import { readMarks } from '../../attach/marks.ts'
import type { Host } from '../../host.ts'
import { orOk, notHere, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

/** What ovs-ofctl mod-port may have switched off for a port (ovs-ofctl(8)), what comes of it, and what undoes it. */
const FLAGS: Readonly<Record<string, readonly [said: string, undo: string]>> = {
  NO_FWD: ['Open vSwitch sends nothing to the port (no-forward)', 'forward'],
  NO_RECV: ['Open vSwitch takes nothing from the port (no-receive)', 'receive'],
  NO_FLOOD: [
    'Open vSwitch floods nothing to the port (no-flood): it hears no broadcast, and so no ARP request',
    'flood',
  ],
}

/** What all versions of OpenFlow are that ovs-ofctl speaks: NO_FLOOD is known to the first one alone, so that is asked first. */
const VERSIONS = ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15'] as const

export const switchedOff: Check = {
  id: 'port.switched-off',
  title: 'each port is sent what is for it',
  about:
    'ovs-ofctl mod-port can switch off what a port sends, receives, or is flooded with. It is not in the database, so that ovs-vsctl show and tools which read that see nothing of it; a restart of ovs-vswitchd ends it.',
  needs: ['ovs.vswitchd', 'ovs.datapath'],
  run: async (patient) => {
    // The bridges are asked while others look into the containers.
    const [ports, { bridges }] = await Promise.all([patient.ports(), patient.switch()])
    const ours = ports.filter(({ interface: row }) => readMarks(row.externalIds).ours)
    const names = [...new Set(ours.map(({ bridge }) => bridge.name))]
    const asked = Promise.all(
      names.map(async (name) => {
        const { protocols = [] } = bridges.find((one) => one.name === name) ?? {}
        return [name, await configOf(patient.host, name, protocols)] as const
      }),
    )
    const [found, { all }] = await Promise.all([asked, patient.attachments()])
    // One whose device is not there is not in the answer either: others say so.
    if (all.length === 0) return notHere('ovsd has attached nothing to this host')
    const configs = new Map(found)
    const troubles = all.flatMap(({ where, subject }): Trouble[] => {
      const { bridge, interface: row } = where
      const option = optionFor(bridges.find((one) => one.name === bridge.name)?.protocols ?? [])
      const flags = configs.get(bridge.name)?.get(row.name) ?? []
      return flags.flatMap((flag) => {
        const [said, undo] = FLAGS[flag] ?? []
        if (said === undefined || undo === undefined) return []
        return [
          {
            ...{ level: 'fail' as const, subject, said: `${said}.` },
            evidence: [`ovs-ofctl show ${bridge.name}: ${row.name}: config: ${flags.join(' ')}`],
            // Somebody has typed it, and a path between containers opens with it.
            fix: typed(`ovs-ofctl ${option}mod-port ${bridge.name} ${row.name} ${undo}`),
          },
        ]
      })
    })
    const silent = found.filter(([, config]) => config === undefined).map(([name]) => name)
    return orOk(
      troubles,
      silent.length === 0 ? 'all' : `all but those of ${silent.join(', ')}, which could not be asked`,
    )
  },
}

/** The version of OpenFlow to ask a bridge in that speaks these, or all when none is named. */
const spokenBy = (protocols: readonly string[]): string =>
  VERSIONS.find((one) => protocols.length === 0 || protocols.includes(one)) ?? 'OpenFlow10'

/** ovs-ofctl speaks OpenFlow10 by itself. */
function optionFor(protocols: readonly string[]): string {
  const spoken = spokenBy(protocols)
  return spoken === 'OpenFlow10' ? '' : `-O ${spoken} `
}

/** The flags of each port by name; undefined where the bridge does not answer. */
async function configOf(
  { run, isDefaultDatabase }: Host,
  bridge: string,
  protocols: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  // ovs-ofctl finds the bridge by its socket, and of another database's daemon there is none here.
  if (!isDefaultDatabase) return undefined
  const spoken = spokenBy(protocols)
  try {
    const { stdout } = await run({ tool: 'ovs-ofctl', args: ['--timeout=5', `--protocols=${spoken}`, 'show', bridge] })
    const ports = stdout.matchAll(/^ [0-9A-Z]+\(([^)]*)\):[^]*?^ {5}config: +(.*)$/gm)
    return new Map([...ports].map(([, name = '', flags = '']) => [name, flags.trim().split(/\s+/)]))
  } catch (error) {
    if (error instanceof CommandFailed) return undefined
    throw error
  }
}
