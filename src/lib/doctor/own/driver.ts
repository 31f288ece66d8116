import { existsSync } from 'node:fs'
import { askState, socketsOf } from '../../plugin/state-ask.ts'
import { notHere, ok, type Check } from '../check.ts'
import { typed } from '../fixes.ts'

export const driver: Check = {
  id: 'own.driver',
  title: 'the Docker network driver answers at its socket',
  about:
    'dockerd calls ovsd plugin (or ovsd daemon) at its socket for each network of the driver. When the socket is there and nobody answers, docker run waits for half a minute and fails, and so does each container that starts with dockerd.',
  needs: ['ovs.database'],
  run: async (patient) => {
    const { socket } = patient.own
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
