import { existsSync } from 'node:fs'
import { notHere, ok, type Check } from '../check.ts'
import { typed } from '../fixes.ts'

/** Only where systemd is the first process is this folder there (sd_booted(3)). */
const BOOTED = '/run/systemd/system'

export const order: Check = {
  id: 'own.order',
  title: 'at boot the socket of the driver is there before dockerd',
  about:
    'dockerd asks the driver while it starts. With ovsd.socket enabled systemd opens the socket first, and the calls wait in it until ovsd runs; without it containers with a restart policy stay stopped after a boot.',
  needs: ['own.driver'],
  run: async ({ host }) => {
    if (!existsSync(BOOTED)) return notHere('systemd does not run here')
    const args = ['show', 'ovsd.socket', '--property=LoadState,UnitFileState,Before']
    const { stdout } = await host.run({ tool: 'systemctl', args })
    const property = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1] ?? ''
    if (property('LoadState') !== 'loaded') return notHere('ovsd.socket is not installed')
    const isFirst = property('Before').split(' ').includes('docker.service')
    if (property('UnitFileState') === 'enabled' && isFirst) return ok('ovsd.socket is enabled, before docker.service')
    return [
      {
        ...{ level: 'warn', subject: 'ovsd.socket' },
        said: isFirst
          ? 'ovsd.socket is not enabled: after a boot dockerd asks a driver that is not there.'
          : 'ovsd.socket is not ordered before docker.service: after a boot dockerd may ask too early.',
        evidence: [`systemctl ${args.join(' ')}: ${stdout.trim().split('\n').join(', ')}`],
        fix: typed('systemctl enable --now ovsd.socket'),
      },
    ]
  },
}
