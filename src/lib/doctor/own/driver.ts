import { existsSync } from 'node:fs'
import { askState, socketsOf } from '../../plugin/state-ask.ts'
import { quote } from '../../system/command.ts'
import { DRIVING } from '../../system/instance.ts'
import { isHeld } from '../../system/socket-holder.ts'
import { notHere, ok, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import type { Patient } from '../patient.ts'

export const driver: Check = {
  id: 'own.driver',
  title: 'the Docker network driver answers at its socket',
  about:
    'dockerd calls ovsd plugin (or ovsd daemon) at its socket for each network of the driver. When the socket is there and nobody answers, docker run waits for half a minute and fails, and so does each container that starts with dockerd.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const { socket } = patient.own
    const idle = await idlePlugins(patient, socket)
    if (idle.length > 0) return idle
    const asked = await askState(socketsOf(socket, false))
    if ('state' in asked) return ok(socket)
    const isNeeded = (await patient.networks()).some((one) => 'spec' in one && one.spec.owner === 'plugin')
    if (!isNeeded && !existsSync(socket)) return notHere('no driver, and no network of one')
    return [
      {
        ...{ level: 'fail', subject: socket },
        said: existsSync(socket)
          ? `Nobody answers at ${socket}: dockerd waits there for the driver.`
          : `There are networks of the driver, and it does not run: none of their containers can start.`,
        evidence: [`ovsd plugin state: ${asked.why}`],
        fix: typed(existsSync('/run/systemd/system') ? 'systemctl restart ovsd' : 'ovsd daemon   # or: ovsd plugin'),
      },
    ]
  },
}

/** Plugins of Docker's own that networks here are of, while none answers: a driver of this host serves networks of its own name only. */
async function idlePlugins({ host, networks }: Patient, socket: string): Promise<readonly Trouble[]> {
  const [, ...managed] = socketsOf(socket, false)
  if (managed.length > 0 && 'state' in (await askState(managed))) return []
  const known = new Set((await networks()).flatMap((one) => ('spec' in one ? (one.spec.docker ?? []) : [])))
  // An engine that does not answer is told of by its own check.
  const all = known.size === 0 ? [] : await host.docker.networks().catch(() => [])
  const names = all
    .filter(({ id, driver: name }) => known.has(id) && name.includes(':'))
    .map(({ driver: name }) => name)
  return [...new Set(names)].map((name) => ({
    ...{ level: 'fail' as const, subject: name },
    said: `There are networks of the plugin ${name} of Docker, and it does not run: none of their containers can start.`,
    evidence: [`docker network ls --filter driver=${quote(name)}`],
    // Of two drivers the second one would be refused.
    fix: typed(
      ...(isHeld(DRIVING.name) ? ['# end the driver of the host first: a host has one'] : []),
      `docker plugin enable ${quote(name)}`,
    ),
  }))
}
