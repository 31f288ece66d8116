import type { AttachResult } from '../plan/attach-result.ts'
import { isOutage } from '../reconcile/refusals.ts'
import type { Report, Who } from '../reconcile/report.ts'
import type { Log, LogFields } from './log.ts'
import type { Meter } from './meter.ts'
import type { Restraint } from './restraint.ts'

/** A report that writes one line for each change, and counts it. */
export function logReport(log: Log, meter: Meter, restraint: Restraint): Report {
  const say = ({ id, name }: Who, event: string, msg: string, fields: LogFields): void => {
    const all = { container: name, container_id: id, ...fields }
    const how = restraint.of(id)
    if (how === 'last')
      log.warn('container.restless', `${name} changes often: more of it is logged at level debug only`, all)
    if (how === 'quiet') log.debug(event, msg, all)
    else log.info(event, msg, all)
  }
  /** What failed last, by container and interface: the same again is no news. */
  const failures = new Map<string, string>()
  /** Containers whose process was not there, and in which words. */
  const missing = new Map<string, string>()
  const worked = ({ id }: Who): void => {
    missing.delete(id)
    for (const key of failures.keys()) if (key.startsWith(id)) failures.delete(key)
  }
  return {
    attached(who, result, ms) {
      worked(who)
      meter.changed('attached')
      meter.attachTook(ms / 1000)
      const { interface: iface, bridge, replaced } = result
      const instead = replaced.length === 0 ? '' : `, in place of ${replaced.join(', ')}`
      const msg = `attached ${iface} of ${who.name} to ${bridge}: ${detailsOf(result)}${instead}`
      say(who, 'port.attached', msg, { ...fieldsOf(result), ms: Math.round(ms) })
    },
    repaired(who, result, what) {
      worked(who)
      meter.changed('repaired')
      say(who, 'port.repaired', `repaired ${result.interface} of ${who.name}: ${what.join('; ')}`, {
        ...fieldsOf(result),
        what,
      })
    },
    detached(who, removed) {
      worked(who)
      for (const { iface, bridge, port, why } of removed) {
        meter.changed('detached')
        const fields = { interface: iface, bridge, port, why }
        say(who, 'port.detached', `detached ${iface} of ${who.name} from ${bridge} (${port}): ${why}`, fields)
      }
    },
    refused({ id, name }, iface, { code, message, next, rule }) {
      meter.refused(code, rule)
      const because = rule === undefined ? '' : ` (rule: ${rule})`
      const fields = { container: name, container_id: id, interface: iface, code, rule, next }
      const what = iface === '' ? 'a label' : iface
      const then = next === undefined ? '' : ` ${next}`
      log.warn('port.refused', `refused ${what} of ${name}: ${message}${because}${then}`, fields)
    },
    allowed({ id, name }, iface) {
      const fields = { container: name, container_id: id, interface: iface }
      log.debug('port.allowed', `nothing stands against ${iface} of ${name} any more`, fields)
    },
    failed({ id, name }, iface, error) {
      const { code, message, left } = error
      meter.failed(code)
      const key = `${id} ${iface}`
      // A container may end at any time, also while it is being attached; the next look finds nothing to be done. The
      // same process missing twice has not ended just now: it is out of sight.
      const hasEnded = code === 'ContainerNotRunning' || (code === 'NamespaceMissing' && missing.get(id) !== message)
      if (code === 'NamespaceMissing') missing.set(id, message)
      const isNews = !hasEnded && !isOutage(error) && failures.get(key) !== code
      if (!hasEnded) failures.set(key, code)
      const rest = left.length === 0 ? '' : ` Left on the host: ${left.join(', ')}.`
      const fields = { container: name, container_id: id, interface: iface, code, left }
      log[isNews ? 'error' : 'debug']('port.failed', `${sentence(message)}${rest}`, fields)
    },
    wouldRun(who, title, commands) {
      const fields = { container: who.name, container_id: who.id, commands }
      log.info('plan.printed', title, fields)
    },
  }
}

/** All lines of a message as one. */
const sentence = (message: string): string => message.replaceAll(/\s*\n\s*/g, ' ')

function detailsOf({ addresses, gateways, mac, mtu, vlan, port }: AttachResult): string {
  return [
    ...addresses,
    ...gateways.map((gateway) => `gateway ${gateway}`),
    `MAC ${mac}`,
    ...(mtu === null ? [] : [`MTU ${String(mtu)}`]),
    ...(vlan === '-' ? [] : [vlan === '0' ? 'untagged frames only' : `VLAN ${vlan}`]),
    `port ${port}`,
  ].join(', ')
}

const fieldsOf = ({ interface: iface, bridge, port, addresses, mac, vlan }: AttachResult): LogFields => ({
  ...{ interface: iface, bridge, port, addresses, mac },
  ...(vlan === '-' ? {} : { vlan }),
})
