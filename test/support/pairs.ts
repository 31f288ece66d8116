import { readdirSync } from 'node:fs'
import { tool } from './tool.ts'

/** A pair goes within this time after its port. */
const GOING_MS = 2_000
const LOOK_MS = 10

const links = (): readonly string[] => readdirSync('/sys/class/net').filter((name) => /^[0-9a-f]{13}_[lc]$/.test(name))

/**
 * Links of the host that are ovsd's ends of pairs, or Docker's. Those of an endpoint that was deleted go after Docker was answered: this
 * waits for those that have no port any more, and what does not go is among them.
 */
export function pairs(): readonly string[] {
  const end = performance.now() + GOING_MS
  for (;;) {
    const found = links()
    const connected = tool('ovs-vsctl', '--bare', '--columns=name', 'list', 'Interface').split('\n')
    // The kernel takes one end away after the other: for a moment there is the container's alone.
    const isGoing = found.some((name) => !connected.includes(name.replace(/_c$/, '_l')))
    if (!isGoing || performance.now() > end) return found
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS)
  }
}
