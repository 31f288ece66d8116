import type { AttachResult } from '../plan/attach-result.ts'
import { isOutage } from '../reconcile/refusals.ts'
import type { Report, Who } from '../reconcile/report.ts'
import { Failures } from './failures.ts'
import type { Level, Log, LogFields } from './log.ts'
import type { Meter } from './meter.ts'
import type { Restraint } from './restraint.ts'

/** A report that writes one line for each change, and counts it. */
export function logReport(log: Log, meter: Meter, restraint: Restraint): Report {
  const say = ({ id, name }: Who, event: string, msg: string, fields: LogFields, level: Level = 'info'): void => {
    const all = { container: name, container_id: id, ...fields }
    const how = restraint.of(id)
    if (how === 'last')
      log.warn('container.restless', `${name} changes often: more of it is logged at level debug only`, all)
    log[how === 'quiet' ? 'debug' : level](event, msg, all)
  }
  const failures = new Failures()
  const worked = ({ id }: Who): void => {
    failures.forget(id)
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
    refused(who, iface, { code, message, next, rule }) {
      meter.refused(code, rule)
      const because = rule === undefined ? '' : ` (rule: ${rule})`
      const what = iface === '' ? 'a label' : iface
      const then = next === undefined ? '' : ` ${next}`
      const msg = `refused ${what} of ${who.name}: ${message}${because}${then}`
      say(who, 'port.refused', msg, { interface: iface, code, rule, next }, 'warn')
    },
    allowed({ id, name }, iface) {
      const fields = { container: name, container_id: id, interface: iface }
      log.debug('port.allowed', `nothing stands against ${iface} of ${name} any more`, fields)
    },
    failed(who, iface, error) {
      const { code, message, left } = error
      meter.failed(code)
      const isNews = failures.isNews(who.id, iface, error) && !isOutage(error)
      const rest = left.length === 0 ? '' : ` Left on the host: ${left.join(', ')}.`
      const msg = `${sentence(message)}${rest}`
      const fields = { interface: iface, code, left }
      if (isNews) say(who, 'port.failed', msg, fields, 'error')
      else log.debug('port.failed', msg, { container: who.name, container_id: who.id, ...fields })
    },
    wouldRun(who, title, commands) {
      const fields = { container: who.name, container_id: who.id, commands }
      log.info('plan.printed', title, fields)
    },
  }
}

/** All lines of a message as one; indented ones are a tool's own words. */
function sentence(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '')
  return lines.reduce((text, line) => {
    const before = text.trimEnd()
    if (/[.:;!?]$/.test(before)) return `${before} ${line.trim()}`
    return `${before}${line.startsWith(' ') ? ':' : '.'} ${line.trim()}`
  })
}

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
