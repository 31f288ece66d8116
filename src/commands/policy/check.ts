import { resolve } from 'node:path'
import { BaseCommand, type GlobalFlags } from '../../base-command.ts'
import { parseContainer } from '../../lib/docker/container-name.ts'
import { BadInput } from '../../lib/errors.ts'
import { withoutImageLabels } from '../../lib/labels/image-labels.ts'
import { nameNetwork } from '../../lib/labels/keys.ts'
import { wishesOf, type Wish } from '../../lib/labels/wishes.ts'
import { networksOf } from '../../lib/network/networks.ts'
import type { RecordedNetwork } from '../../lib/network/record.ts'
import { DatabaseUnreachable } from '../../lib/ovsdb/client.ts'
import { describePolicy, type DescribedRule } from '../../lib/policy/describe.ts'
import { judge } from '../../lib/policy/judge.ts'
import { judgeBy } from '../../lib/policy/judge-by.ts'
import type { Policy } from '../../lib/policy/policy.ts'
import { loadPolicy } from '../../lib/policy/read-policy.ts'
import { verdictOn, type Verdict } from '../../lib/policy/verdict.ts'
import { painter } from '../../lib/ui/colour.ts'
import { plainLine } from '../../lib/ui/plain-text.ts'
import { table } from '../../lib/ui/table.ts'
import { loadSettings, type Settings } from '../../lib/watch/settings.ts'
import { Args, Flags } from '../../oclif.ts'

/** What `policy check --json` gives. */
export interface PolicyCheck {
  /** Path of the file, `built-in` or `none`. */
  readonly policy: string
  /** Values as in a file, by rule. */
  readonly rules: Readonly<Record<string, unknown>>
  readonly wishes: readonly Verdict[]
  /** Labels that do not count because they came with the image. */
  readonly imageLabels: readonly string[]
}

interface Judged {
  readonly wishes: readonly Verdict[]
  readonly imageLabels: readonly string[]
}

export default class CheckPolicy extends BaseCommand {
  static override summary = 'Check a policy file, and what it says to labels'
  static override description = `Says what a policy allows: that of FILE, or else the one that ovsd watch would use. With labels, or with a container that has some, it also says of each interface that they ask for whether it would be attached, and else which rule or which label is in the way. The exit status is 1 when something is refused, and 2 when the file is malformed. Nothing is attached. Of a network that labels name the database says where it is; without one only its name is judged. Labels and policy are described in ovsd-policy(5).`
  static override examples = [
    '<%= config.bin %> policy check',
    '<%= config.bin %> policy check --label=ovs.ip_address=10.0.0.2/24 --label=ovs.vlan=100',
    '<%= config.bin %> policy check --container=web',
  ]
  static override args = {
    file: Args.string({ description: 'policy file' }),
  }
  static override flags = {
    label: Flags.string({
      description: 'A label as docker run has it; may be repeated',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    container: Flags.string({
      description: 'The labels of this container: name, id, or beginning of the id',
      helpValue: 'CONTAINER',
    }),
    policy: Flags.string({ description: 'In place of FILE: a path, or none', helpValue: 'FILE' }),
    config: Flags.string({ description: 'Settings file of ovsd watch', helpValue: 'FILE' }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(CheckPolicy)
    const { file } = args
    if (file !== undefined && flags.policy !== undefined)
      throw new BadInput('--policy', 'it cannot be combined with FILE.', '/etc/ovsd/policy.yaml')
    if (flags.label !== undefined && flags.container !== undefined)
      throw new BadInput('--label', 'it cannot be combined with --container.', 'ovs.vlan=100')
    const labels = parseLabels(flags.label ?? [])
    const container = flags.container === undefined ? undefined : parseContainer(flags.container, '--container')
    const { settings } = await loadSettings({ flags: { config: flags.config }, env: process.env })
    const policy = await loadPolicy(chosen(file ?? flags.policy) ?? settings.policy, settings.bridge)
    const judged =
      container === undefined
        ? await this.#judgeLabels(policy, settings, flags, labels)
        : await this.#judgeContainer(policy, settings, flags, container)
    const described = describePolicy(policy)
    if (!flags.quiet) {
      this.log(render(policy, described, judged))
      const asked = flags.label !== undefined || flags.container !== undefined
      if (asked && judged.wishes.length === 0) this.log('\nThese labels ask for no interface.')
    }
    if (judged.wishes.some(({ allowed }) => !allowed)) process.exitCode = 1
    const rules = Object.fromEntries(described.map(({ rule, allowed }) => [rule, allowed]))
    return { policy: policy.source, rules, ...judged } satisfies PolicyCheck
  }

  async #judgeContainer(policy: Policy, settings: Settings, flags: GlobalFlags, name: string): Promise<Judged> {
    return await this.look(placeOf(flags, settings), async (host) => {
      const { id, labels, image } = await host.docker.inspect(name)
      const own = policy.rules.image_labels
        ? { labels, dropped: [] }
        : withoutImageLabels(labels, await host.docker.imageLabels(image))
      const judges = judgeBy(policy, host.ovs)
      const verdict = async (wish: Wish): Promise<Verdict> =>
        verdictOn(wish, wish.kind === 'wanted' ? (await judges.judge(wish)).violations : [])
      const networks = nameNetwork(own.labels) ? await judges.networks() : []
      const wishes = await Promise.all(wishesOf(own.labels, { ...settings, networks, container: id }).map(verdict))
      return { wishes, imageLabels: own.dropped }
    })
  }

  /** Labels alone: nothing is asked but where a network is, so a bridge of OVN is known only by its usual name. */
  async #judgeLabels(
    policy: Policy,
    settings: Settings,
    flags: GlobalFlags,
    labels: Readonly<Record<string, string>>,
  ): Promise<Judged> {
    const networks = nameNetwork(labels) ? await this.#networks(settings, flags) : []
    const wishes = wishesOf(labels, { ...settings, networks, container: 'container' })
    return {
      wishes: wishes.map((wish) => verdictOn(wish, wish.kind === 'wanted' ? judge(policy, wish) : [])),
      imageLabels: [],
    }
  }

  /** The networks that there are; undefined when the database does not answer. */
  async #networks(settings: Settings, flags: GlobalFlags): Promise<readonly RecordedNetwork[] | undefined> {
    try {
      return await this.look(placeOf(flags, settings), networksOf)
    } catch (error) {
      if (!(error instanceof DatabaseUnreachable)) throw error
      this.caution(`${error.message} Of networks only the names are judged.`)
      return undefined
    }
  }
}

const placeOf = (flags: GlobalFlags, settings: Settings): GlobalFlags => ({
  ...flags,
  docker: flags.docker ?? settings.docker,
  db: flags.db ?? settings.db,
})

/** A file is one of the folder that the command is typed in. */
const chosen = (path: string | undefined): string | undefined =>
  path === undefined || path === 'none' ? path : resolve(path)

function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=')
      if (at < 1)
        throw new BadInput('--label', `${JSON.stringify(text.slice(0, 80))} is not KEY=VALUE.`, 'ovs.vlan=100')
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

function render({ source }: Policy, rules: readonly DescribedRule[], { wishes, imageLabels }: Judged): string {
  const paint = painter(process.stdout)
  const bold = (text: string): string => paint.bold(text)
  const from = (given: boolean): string => (source === 'none' ? 'none' : given ? 'file' : 'built-in')
  const allowed = table(
    ['RULE', 'ALLOWED', 'FROM'],
    rules.map(({ rule, words, given }) => [rule, words, from(given)]),
    bold,
  )
  const verdicts = wishes.flatMap((wish) => [
    `${wish.interface === '' ? (wish.refusal?.label ?? 'label') : wish.interface}${wish.bridge === '' ? '' : ` on ${wish.bridge}`}: ${
      wish.allowed ? paint.green('allowed') : paint.red('refused')
    }`,
    ...(wish.refusal === null
      ? []
      : [`  ${wish.refusal.message}`, ...(wish.refusal.next === null ? [] : [`  ${wish.refusal.next}`])]),
    ...wish.violations.map(({ rule, message }) => `  ${message} (rule ${rule})`),
  ])
  const dropped = imageLabels.map((label) => `${label} came with the image and does not count.`)
  return [
    `Policy: ${plainLine(source)}`,
    '',
    allowed,
    ...(verdicts.length + dropped.length > 0 ? [''] : []),
    ...verdicts,
    ...dropped,
  ].join('\n')
}
