import type { Host } from '../../host.ts'
import { askController } from '../../ovn/controller.ts'
import { startService, stopService } from '../../ovn/services.ts'
import type { ReversibleStep } from '../step.ts'

/** Starts ovn-controller, which does not run. */
export function controllerStart(host: Host): ReversibleStep {
  const start = startService('controller')
  const runs = async (): Promise<boolean> => (await askController(host)).state === 'running'
  return {
    id: 'controller.start',
    title: 'Start ovn-controller',
    leaves: 'ovn-controller, running',
    commands: () => [start],
    isDone: runs,
    async apply(signal) {
      await host.run(start, signal)
    },
    async undo(signal) {
      if (await runs()) await host.run(stopService('controller'), signal)
    },
  }
}
