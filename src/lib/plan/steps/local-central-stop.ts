import { existsSync } from 'node:fs'
import type { Host } from '../../host.ts'
import { stopService } from '../../ovn/services.ts'
import type { Step } from '../step.ts'
import { DATA_FILES, DATABASE_FILES, localCentralRuns } from './local-central-start.ts'

type Removal = Step & { readonly leaves: string }

/** Ends the databases and ovn-northd of the distribution. */
export function localCentralStop(host: Host): Removal {
  const command = stopService('northd')
  return {
    id: 'local-central.stop',
    title: 'Stop the databases of OVN and ovn-northd',
    leaves: 'the databases of OVN and ovn-northd, running',
    commands: () => [command],
    isDone: async () => !(await localCentralRuns()),
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}

/** Deletes the databases; nothing brings them back. */
export function localDataRemove(host: Host): Removal {
  const command = { tool: 'rm', args: ['-f', ...DATA_FILES] } as const
  return {
    id: 'local-central.delete',
    title: 'Delete the databases of OVN',
    leaves: `the databases ${DATABASE_FILES.join(' and ')}`,
    commands: () => [command],
    isDone: () => Promise.resolve(!DATABASE_FILES.some((path) => existsSync(path))),
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}
