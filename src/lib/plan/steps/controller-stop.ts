import type { Host } from '../../host.ts'
import { askController } from '../../ovn/controller.ts'
import { startService, stopService } from '../../ovn/services.ts'
import type { Step } from '../step.ts'

/** Ends ovn-controller, which takes its chassis and its tunnels along while central answers. */
export function controllerStop(host: Host): Step & { readonly leaves: string } {
  const command = stopService('controller')
  return {
    id: 'controller.stop',
    title: 'Stop ovn-controller',
    leaves: 'ovn-controller, running',
    commands: () => [command],
    isDone: async () => (await askController(host)).state !== 'running',
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}

/** Starts ovn-controller again that ran before ovsd came: it has nothing to do then, and waits to be told. */
export function controllerBack(host: Host): Step & { readonly leaves: string } {
  const command = startService('controller')
  return {
    id: 'controller.back',
    title: 'Start ovn-controller again',
    leaves: 'ovn-controller, stopped',
    commands: () => [command],
    isDone: async () => (await askController(host)).state === 'running',
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}
