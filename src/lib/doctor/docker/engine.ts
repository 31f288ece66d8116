import { OvsdError } from '../../errors.ts'
import { notHere, ok, type Check } from '../check.ts'
import { typed } from '../fixes.ts'

/**
 * The oldest API that is known to say all that ovsd asks for: that of Docker 1.12, the oldest one that today's tools still name
 * (docs.docker.com/reference/api/engine/version-history).
 */
const LEAST_API = [1, 24] as const
export const engine: Check = {
  id: 'docker.engine',
  title: 'the Docker engine answers',
  about:
    'ovsd asks the engine for containers, their processes and labels. Without an answer no container is attached by name, and of ports nobody can say whether their containers live; what runs goes on. A rootless engine is not followed by ovsd watch.',
  needs: [],
  run: async (patient) => {
    try {
      const { name, version, rootless, api } = await patient.host.docker.engine()
      const words = `${name} ${version}${api === undefined ? '' : `, API ${api}`}`
      if (api !== undefined && isTooOld(api))
        return [
          {
            ...{
              level: 'fail',
              subject: 'engine',
              said: `The engine (${words}) is too old: ovsd asks for what is there since API ${LEAST_API.join('.')}.`,
            },
            evidence: [`docker version: ${words}`],
            fix: typed('apt-get install --only-upgrade docker.io'),
          },
        ]
      return rootless
        ? [
            {
              ...{
                level: 'warn',
                subject: 'engine',
                said: `The engine (${words}) is rootless: ovsd watch and the driver do not follow it.`,
              },
              evidence: [`docker info: ${words}, SecurityOptions has name=rootless`],
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

function isTooOld(api: string): boolean {
  const [major = 0, minor = 0] = api.split('.').map(Number)
  return major < LEAST_API[0] || (major === LEAST_API[0] && minor < LEAST_API[1])
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
