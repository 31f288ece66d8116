import { BadInput, Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { networksOf } from '../../network/networks.ts'
import { DATABASE_ID, knownDatabase, madeCentral, type MadeCentral } from '../../ovn/central-record.ts'
import { centralOf, noCentral } from '../../ovn/central.ts'
import { INTEGRATION_BRIDGE } from '../../ovn/chassis.ts'
import { lifeOf } from '../../ovn/life.ts'
import { dataLost } from '../../ovn/lost.ts'
import {
  parseCentral,
  parseChassisWords,
  type ChassisRequest,
  type ChassisWords,
  type Pair,
} from '../../ovn/join-words.ts'
import { parseListen } from '../../ovn/listen.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import { refusePlainTcp } from '../../ovn/plain-tcp.ts'
import { SIDES, parseRemotes } from '../../ovn/remotes.ts'
import type { Prepared } from '../prepared.ts'
import type { ReversibleStep, Stages } from '../step.ts'
import { centralClaim } from '../steps/central-claim.ts'
import { centralRemember } from '../steps/central-remember.ts'
import { chassisStages } from './chassis-stages.ts'
import { dockerCentral, type DockerCentral } from './docker-central.ts'
import { joined, type JoinedCloud } from './join.ts'
import { localCentral } from './local-central.ts'

/** What is typed. */
export interface BootstrapWords extends ChassisWords {
  /** docker, local, or a connection; without it what is there already, else docker. */
  readonly central?: string | undefined
  readonly southbound?: string | undefined
  /** For a central in a container. */
  readonly network?: string | undefined
  readonly image?: string | undefined
  /** Address of this host on which other hosts reach a central that is made here. */
  readonly listen?: string | undefined
  /** Begin with empty databases although networks were in some that are lost. */
  readonly restore?: boolean
}

/** What ovn bootstrap answers. */
export interface Bootstrapped extends JoinedCloud {
  readonly central: MadeCentral | 'remote'
  readonly northbound: string
  /** Whether central was started, or made, for it. */
  readonly centralStarted: boolean
  /** Of a central in a container. */
  readonly container: Pick<DockerCentral, 'container' | 'network' | 'subnet' | 'image' | 'volume'> | null
}

/** Central as it will be. */
interface CentralPlan extends Pair {
  readonly kind: Bootstrapped['central']
  readonly stages: Stages<ReversibleStep>
  /** What ovsd makes of it here, or has made. */
  readonly made?: MadeCentral | undefined
  readonly docker?: DockerCentral
}

/** What is missing until this host is a chassis of a central that works: of central first, which may take a while, and of the host. */
export interface Missing {
  readonly central: Stages<ReversibleStep>
  readonly chassis: Stages<ReversibleStep>
}

/**
 * Looks for a central, and plans what is missing until this host is a chassis of one that works. Errors: those of the kinds of
 * central and of `chassisStages`, CentralDataLost, PlainTcp, BadInput.
 */
export async function bootstrap(host: Host, words: BootstrapWords): Promise<Prepared<Bootstrapped>> {
  const { missing, result } = await lookAround(host, words)
  const stages = [...missing.central, ...missing.chassis]
  const title = 'Bring this host to a working OVN'
  return { plan: stages.length === 0 ? undefined : { onFailure: 'unwind', title, stages }, result }
}

/** The same in its two parts, for who does the first without the host-wide lock. Errors: those of bootstrap. */
export const missingOfOvn = async (host: Host, words: BootstrapWords): Promise<Missing> =>
  (await lookAround(host, words)).missing

async function lookAround(
  host: Host,
  words: BootstrapWords,
): Promise<{ readonly missing: Missing; readonly result: Bootstrapped }> {
  const request = parseChassisWords(words)
  const local = await readLocal(host)
  const networks = await networksOnOvn(host)
  const central = await centralFor(host, local, words, request, networks)
  const life = await lifeOf(central)
  const known = knownDatabase(local)
  const isNew = !('id' in life)
  if (isNew && central.stages.length === 0)
    throw new Refused('CentralSilent', `Central is not at work: ${life.missing}.`, {
      next: 'Start it where it is; see what there is: ovsd ovn status',
    })
  if (!isNew && known !== undefined && known !== life.id && words.restore !== true)
    throw dataLost(
      { database: known, networks },
      `the northbound database at ${central.northbound.text} is another one`,
    )
  const plan = await chassisStages(host, local, central, request, isNew, isNew ? {} : { [DATABASE_ID]: life.id })
  const claimed = madeCentral(local)
  const missing = {
    central: [
      ...(central.made === undefined || central.made === claimed ? [] : [[centralClaim(host, central.made, claimed)]]),
      ...central.stages,
    ],
    chassis: [...plan.stages, ...(isNew ? [[centralRemember(host, central.northbound, known)]] : [])],
  }
  const { docker } = central
  return {
    missing,
    result: {
      ...joined(local, plan),
      ...(plan.stages.length === 0 && missing.central.length + missing.chassis.length > 0
        ? { status: 'changed' as const }
        : {}),
      ...{ central: central.kind, northbound: central.northbound.text, centralStarted: central.stages.length > 0 },
      container:
        docker === undefined
          ? null
          : {
              ...{ container: docker.container, network: docker.network, subnet: docker.subnet },
              ...{ image: docker.image, volume: docker.volume },
            },
    },
  }
}

/** Which central it is to be: the one that was asked for, else the one that this host knows, else a new one in a container. */
async function centralFor(
  host: Host,
  local: LocalOvn,
  words: BootstrapWords,
  request: ChassisRequest,
  networks: readonly string[],
): Promise<CentralPlan> {
  const kind = words.central ?? (await knownKind(local))
  switch (kind) {
    case 'local':
      refuseWords(words, ['network', 'image', 'southbound'], 'a central of the distribution')
      return localPlan(host, local, words, request, networks)
    case 'docker':
      refuseWords(words, ['southbound'], 'a central in a container')
      return dockerPlan(host, local, words, networks)
    case 'known':
      refuseWords(words, ['network', 'image', 'listen', 'southbound'], 'a central that is there already')
      return { kind: 'remote', stages: [], ...knownPair(local, request) }
    default: {
      refuseWords(words, ['network', 'image', 'listen'], 'a central of another host')
      const pair = parseCentral(kind, words.southbound, request.tls ?? local.tls, '--central')
      refusePlainTcp([pair.northbound, pair.southbound], request.insecure)
      return { kind: 'remote', stages: [], ...pair }
    }
  }
}

async function knownKind(local: LocalOvn): Promise<'docker' | 'local' | 'known'> {
  const made = madeCentral(local)
  if (made !== undefined) return made
  const known = centralOf(local)
  if (known === undefined) return 'docker'
  // Sockets that nobody has named, of databases that may be a package's that was only installed.
  return known.source === 'sockets' ? ('id' in (await lifeOf(known)) ? 'local' : 'docker') : 'known'
}

function knownPair(local: LocalOvn, { insecure }: ChassisRequest): Pair {
  const central = centralOf(local)
  if (central === undefined) throw noCentral()
  // What the host was told was allowed then.
  if (central.source === 'environment') refusePlainTcp([central.northbound, central.southbound], insecure)
  return central
}

async function localPlan(
  host: Host,
  local: LocalOvn,
  { listen, insecure = false, restore }: BootstrapWords,
  { tls }: ChassisRequest,
  networks: readonly string[],
): Promise<CentralPlan> {
  const files = tls ?? local.tls
  const where = listen === undefined ? undefined : parseListen(listen, files !== undefined && !insecure, insecure)
  const isOurs = madeCentral(local) === 'local'
  const { northbound, southbound, stages, newDatabase, started } = await localCentral(host, where, files, isOurs)
  const known = knownDatabase(local)
  if (newDatabase && known !== undefined && restore !== true)
    throw dataLost({ database: known, networks }, 'the files in /var/lib/ovn are gone')
  // Databases that were there before are somebody else's, and stay so, whoever starts them.
  const isMade = (started && newDatabase) || isOurs
  return { kind: 'local', northbound, southbound, stages, made: isMade ? 'local' : undefined }
}

async function dockerPlan(
  host: Host,
  local: LocalOvn,
  { network, image, listen, insecure = false, restore }: BootstrapWords,
  networks: readonly string[],
): Promise<CentralPlan> {
  if (listen !== undefined) parseListen(listen, false, insecure)
  const docker = await dockerCentral(host, {
    ...{ network, image, listen, restore, networks },
    knownDatabase: knownDatabase(local),
  })
  return {
    ...{ kind: 'docker', made: 'docker', stages: docker.stages, docker },
    northbound: parseRemotes(docker.northbound, '--central', SIDES.northbound.port),
    southbound: parseRemotes(docker.southbound, '--central', SIDES.southbound.port),
  }
}

/** Names of the networks of this host that are on OVN. */
async function networksOnOvn(host: Host): Promise<readonly string[]> {
  return (await networksOf(host)).filter((one) => one.bridge === INTEGRATION_BRIDGE).map(({ name }) => name)
}

type Word = 'network' | 'image' | 'listen' | 'restore' | 'southbound'

function refuseWords(words: BootstrapWords, names: readonly Word[], what: string): void {
  const given = names.find((name) => words[name] !== undefined && words[name] !== false)
  if (given !== undefined) throw new BadInput(`--${given}`, `it says nothing about ${what}.`, 'nothing: leave it out')
}
