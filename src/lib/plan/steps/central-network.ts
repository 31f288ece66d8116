import type { DockerNetwork } from '../../docker/networks.ts'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { dockerCommand } from '../../ovn/container/docker-command.ts'
import { isOfRun, labelled } from '../../ovn/container/names.ts'
import type { CentralNetwork } from '../../ovn/container/network.ts'
import { gatewayIn, rangeIn } from '../../ovn/container/subnet.ts'
import type { ReversibleStep } from '../step.ts'

/** Makes the Docker network that central is in. Undone only if this run made it. */
export function centralNetworkCreate(host: Host, { name, subnet }: CentralNetwork, run: string): ReversibleStep {
  const create = dockerCommand(host, [
    ...['network', 'create', '--driver', 'bridge', '--subnet', subnet.text, '--gateway', gatewayIn(subnet).text],
    ...['--ip-range', rangeIn(subnet), ...labelled('network', run), name],
  ])
  const named = async (): Promise<readonly DockerNetwork[]> =>
    (await host.docker.networks()).filter((one) => one.name === name)
  const made = async (): Promise<DockerNetwork | undefined> =>
    (await named()).find(({ labels }) => isOfRun(run, labels))
  return {
    id: 'central-network.create',
    title: `Make the Docker network ${name} (${subnet.text})`,
    leaves: `Docker network ${name}`,
    commands: () => [create],
    isDone: async () => (await named()).length === 1,
    async apply(signal) {
      await host.run(create, signal)
      // The engine itself takes a name twice; only docker(1) looks before.
      const [one, second] = await named()
      if (second !== undefined || one === undefined || !isOfRun(run, one.labels))
        throw new Refused('CentralNetworkUnusable', `Somebody else has made a Docker network ${name} meanwhile.`, {
          next: 'Repeat the command: it will use that one, if it can.',
        })
    },
    async undo(signal) {
      const ours = await made()
      if (ours === undefined) return
      try {
        await host.run(dockerCommand(host, ['network', 'rm', ours.id]), signal)
      } catch (error) {
        if ((await made()) !== undefined) throw error
      }
    },
  }
}
