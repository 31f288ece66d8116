// A northbound database of several members, all on this host, each a process of its own.
import { setTimeout as pause } from 'node:timers/promises'
import { askMember, type Member } from '../../src/lib/ovn/member.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import { tool } from './tool.ts'

const SCHEMA = '/usr/share/ovn/ovn-nb.ovsschema'
const FOLDER = '/run/nb-cluster'

export interface Cluster extends Disposable {
  readonly remotes: string
  /** The leader, as it says itself; waits until there is one. */
  leader(): Promise<number>
  /** Ends a member as a power failure would. */
  kill(member: number): void
  start(member: number): void
}

/** Starts a cluster of three, and waits until it has a leader. */
export async function startCluster(): Promise<Cluster> {
  const members = [1, 2, 3]
  const raft = (n: number): string => `tcp:127.0.0.1:${16640 + n}`
  const remote = (n: number): string => `tcp:127.0.0.1:${26640 + n}`
  const file = (n: number, what: string): string => `${FOLDER}/nb${n}.${what}`
  // Of one that failed to end.
  tool('rm', '-rf', FOLDER)
  tool('mkdir', '-p', FOLDER)
  const start = (n: number): void => {
    const files = [`--pidfile=${file(n, 'pid')}`, `--log-file=${file(n, 'log')}`, `--unixctl=${file(n, 'ctl')}`]
    const remotes = `--remote=p${remote(n)}:127.0.0.1`.replace('ptcp:127.0.0.1', 'ptcp')
    tool('ovsdb-server', '--detach', '--no-chdir', '-vconsole:off', ...files, remotes, file(n, 'db'))
  }
  const kill = (n: number): void => {
    tool('sh', '-c', `kill -9 $(cat ${file(n, 'pid')})`)
  }
  tool('ovsdb-tool', 'create-cluster', file(1, 'db'), SCHEMA, raft(1))
  for (const n of [2, 3]) tool('ovsdb-tool', 'join-cluster', file(n, 'db'), 'OVN_Northbound', raft(n), raft(1))
  for (const n of members) start(n)
  const ask = (): Promise<readonly Member[]> =>
    Promise.all(members.map((n) => askMember(parseEndpoint(remote(n)), 'OVN_Northbound')))
  const leader = async (): Promise<number> => {
    for (let tries = 0; tries < 400; tries++) {
      const at = (await ask()).findIndex(({ state }) => state === 'leader')
      if (at >= 0) return at + 1
      await pause(50)
    }
    throw new Error('no leader within 20 s')
  }
  await leader()
  for (let tries = 0; (await ask()).some(({ state }) => state === 'cut-off' || state === 'unreachable'); tries++) {
    if (tries > 200) throw new Error('the members do not find each other')
    await pause(50)
  }
  return {
    ...{ remotes: members.map(remote).join(','), leader, kill, start },
    [Symbol.dispose]() {
      for (const n of members) tool('sh', '-c', `kill -9 $(cat ${file(n, 'pid')}) || true`)
      tool('rm', '-rf', FOLDER)
    },
  }
}
