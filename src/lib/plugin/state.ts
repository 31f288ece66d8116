// The whole state of the driver: `ovsd plugin state`, and a GET on the driver's own socket.
import type { Host } from '../host.ts'
import { OvsdError } from '../errors.ts'
import type { CallInFlight, Calls, MethodCalls } from './calls.ts'
import type { PoolState } from './ipam/pool-states.ts'
import type { Pools } from './ipam/pools.ts'
import { recordsOf, type EndpointState, type NetworkState, type Records } from './state-records.ts'

/** A running driver. */
export interface DriverState {
  readonly version: string
  readonly pid: number
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly uptimeSeconds: number
  /** By method. */
  readonly calls: readonly MethodCalls[]
  readonly inFlight: readonly CallInFlight[]
}

export interface PluginState {
  /** null when none runs. */
  readonly driver: DriverState | null
  /** null when the database does not answer. */
  readonly networks: readonly NetworkState[] | null
  readonly endpoints: readonly EndpointState[] | null
  /** Of addresses that ovsd gives to Docker. */
  readonly pools: readonly PoolState[] | null
  /** What is wrong, in words. */
  readonly problems: readonly string[]
}

/** What a running driver answers about itself; the database's silence is a part of the answer. */
export async function driverState(host: Host, version: string, calls: Calls, pools: Pools): Promise<PluginState> {
  const uptime = process.uptime()
  const driver = {
    ...{ version, pid: process.pid, startedAt: new Date(Date.now() - uptime * 1000).toISOString() },
    ...{ uptimeSeconds: Math.round(uptime), calls: calls.methods, inFlight: calls.inFlight },
  }
  try {
    return withRecords(driver, await recordsOf(host, pools))
  } catch (error) {
    if (!(error instanceof OvsdError)) throw error
    return { driver, networks: null, endpoints: null, pools: null, problems: [error.message] }
  }
}

/** The state without a driver: what is recorded is there all the same. Errors: those of the database. */
export const stateWithout = async (host: Host, why: string): Promise<PluginState> =>
  withRecords(null, await recordsOf(host), why)

function withRecords(
  driver: DriverState | null,
  { networks, endpoints, pools }: Records,
  ...problems: readonly string[]
): PluginState {
  const damaged = networks.flatMap((one) =>
    'problem' in one ? [`The network ${one.network} cannot be used: ${one.problem}.`] : [],
  )
  return { driver, networks, endpoints, pools, problems: [...problems, ...damaged] }
}
