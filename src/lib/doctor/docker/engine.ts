import { OvsdError } from '../../errors.ts'
import { notHere, ok, type Check } from '../check.ts'
import { typed } from '../fixes.ts'

/** GET /version and /info as ovsd asks for them are there since this Docker (API 1.24, docs.docker.com/engine/api). */
export const engine: Check = {
  id: 'docker.engine',
  title: 'the Docker engine answers',
  about:
    'ovsd asks the engine for containers, their processes and labels. Without an answer no container is attached by name, and of ports nobody can say whether their containers live; what runs goes on. A rootless engine is not followed by ovsd watch.',
  needs: [],
  run: async (patient) => {
    try {
      const { name, version, rootless } = await patient.host.docker.engine()
      const words = `${name} ${version}`
      return rootless
        ? [
            {
              ...{
                level: 'warn',
                subject: 'engine',
                said: `The engine (${words}) is rootless: ovsd watch and the driver do not follow it.`,
              },
              evidence: ['SecurityOptions has name=rootless'],
              fix: typed(
                '# Containers are attached one by one: ovsd add-port BRIDGE INTERFACE CONTAINER --docker SOCKET',
              ),
            },
          ]
        : ok(words)
    } catch (error) {
      if (!(error instanceof OvsdError)) throw error
      // A host without any engine, whose ports are of bare namespaces, is as it should be.
      const needsIt = await attachesContainers(patient)
      if (!needsIt && error.code === 'DockerUnreachable') return notHere(error.message)
      throw error
    }
  },
}

async function attachesContainers({
  ports,
}: {
  readonly ports: () => Promise<
    readonly { readonly interface: { readonly externalIds: Readonly<Record<string, string>> } }[]
  >
}): Promise<boolean> {
  try {
    return (await ports()).some(
      ({ interface: { externalIds: ids } }) =>
        ids['ovsd'] !== undefined && ids['ovsd_part'] === undefined && ids['ovsd_netns'] === undefined,
    )
  } catch (error) {
    if (error instanceof OvsdError) return false
    throw error
  }
}
