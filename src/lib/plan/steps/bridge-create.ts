import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { BRIDGE_ALIAS, OURS } from '../../attach/marks.ts'
import { OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

export type Datapath = 'system' | 'netdev'

type Ids = Readonly<Record<string, string>>

/** Creates a bridge that was missing, with `marks` besides those that every one has, and other columns (COLUMN=VALUE). Undone only while it is still empty: a port that came meanwhile is somebody's. */
export function bridgeCreate(
  host: Host,
  bridge: string,
  datapath: Datapath,
  marks: Ids = {},
  columns: readonly string[] = [],
): ReversibleStep {
  const run = `${String(process.pid)}-${Date.now().toString(36)}`
  const create = host.vsctl.addBridge(bridge, datapath, { ...OURS, ...marks, ovsd_run: run }, columns)
  const label: Command = { tool: 'ip', args: ['link', 'set', 'dev', bridge, 'alias', BRIDGE_ALIAS] }
  return {
    id: 'bridge.create',
    title: `Create bridge ${bridge} (${datapath} datapath)`,
    leaves: `bridge ${bridge}`,
    commands: () => [create, label],
    isDone: async () => (await host.ovs.bridge(bridge)) !== undefined,
    async apply(signal) {
      await host.run(create, signal)
      // ovs-vsctl is not to tell whether the datapath works (before 3.6 it cannot): without it the bridge's own port has no OpenFlow number.
      const [[local] = []] = await host.ovs.interfaces([{ name: bridge }])
      if (local?.ofport === undefined || local.ofport < 0) throw bridgeDead(bridge, datapath, local?.error ?? '')
      await host.run(label, signal)
    },
    async undo(signal) {
      // Only the bridge of this very run: somebody else may have created one of that name in the same moment.
      const isOurs = async (): Promise<boolean> => (await host.ovs.bridge(bridge))?.externalIds['ovsd_run'] === run
      if (!(await isOurs()) || (await host.ovs.portsOf(bridge)).length > 0) return
      try {
        await host.run(host.vsctl.delBridge(bridge, UNDO_WAIT_S), signal)
      } catch (error) {
        if (await isOurs()) throw error
      }
    },
  }
}

function bridgeDead(bridge: string, datapath: Datapath, why: string): OvsdError {
  const other = datapath === 'system' ? 'netdev' : 'system'
  return new OvsdError(
    'BridgeDead',
    `Failed to create bridge ${bridge}: ovs-vswitchd cannot run a ${datapath} datapath here${why === '' ? '' : ` (${why})`}.`,
    { next: `Try --datapath=${other}; see also /var/log/openvswitch/ovs-vswitchd.log` },
  )
}

/**
 * The datapath that a new bridge can run on: the kernel's if the openvswitch module is loaded, built in or can be loaded,
 * else the userspace one. A `system` bridge without the module would be silently dead.
 */
export function detectDatapath(): Datapath {
  if (existsSync('/sys/module/openvswitch')) return 'system'
  const modules = `/lib/modules/${release()}`
  for (const list of ['modules.dep', 'modules.builtin']) {
    const path = `${modules}/${list}`
    if (existsSync(path) && readFileSync(path, 'utf8').includes('/openvswitch.ko')) return 'system'
  }
  return 'netdev'
}
