import { BadInput, OvsdError } from '../errors.ts'
import { parseNetwork, type Cidr } from '../net/cidr.ts'
import { parseTrunks } from '../net/vlan.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../system/yaml-file.ts'
import { closest } from '../ui/closest.ts'
import { builtIn, type Allowed, type External, type Policy, type Rule, type Rules } from './policy.ts'

/** The policy file does not say what it could say. `next` shows how that is written. */
export const policyInvalid = (path: string, line: number, why: string, next: string): OvsdError =>
  new OvsdError('PolicyInvalid', `${path}, line ${String(line)}: ${why}`, { next }, 2)

/** A rule with the place where it stands. */
interface Place {
  readonly path: string
  readonly rule: string
}

type Reader<T> = (node: YamlNode, place: Place) => T

const bad = (node: YamlNode, { path, rule }: Place, why: string, example: string): OvsdError =>
  policyInvalid(path, node.line, `${rule}: ${why}`, `For example: ${rule.replace(/^.*\./, '')}: ${example}`)

const yesOrNo: Reader<boolean> = (node, place) => {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
  throw bad(node, place, 'this is neither true nor false.', 'true')
}

/** true, false, or a list (or one item alone), of which each item may stand for several values. */
function allowed<T>(example: string, parse: (text: string, field: string) => readonly T[]): Reader<Allowed<T>> {
  return (node, place) => {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
    const items = node.kind === 'list' ? node.items : [node]
    return items.flatMap((item) => {
      if (item.kind !== 'scalar' || item.value === null || typeof item.value === 'boolean')
        throw bad(item, place, 'this is neither true, nor false, nor a list.', example)
      try {
        return parse(item.text, place.rule)
      } catch (error) {
        if (!(error instanceof BadInput)) throw error
        throw bad(item, place, error.message.slice(place.rule.length + 2), example)
      }
    })
  }
}

function pattern(text: string, field: string): readonly string[] {
  if (/^[A-Za-z0-9_.@+*-]{1,64}$/.test(text)) return [text]
  throw new BadInput(field, `${JSON.stringify(text.slice(0, 80))} is neither a name nor a pattern such as br*.`, 'br*')
}

function bridge(text: string, field: string): readonly string[] {
  if (text === 'br-int') throw new BadInput(field, 'br-int belongs to OVN, and no rule can allow it.', 'ovsbr0')
  return pattern(text, field)
}

const names = allowed('[eth1, "net*"]', pattern)
const networks = allowed('[blue, "lab-*"]', pattern)
const subnets = allowed<Cidr>('[10.0.0.0/16, "fd00::/48"]', (text, field) => [parseNetwork(text, field)])
const tags = allowed('[10, 100-199]', parseTrunks)

const external: Reader<boolean | External> = (node, place) => {
  if (node.kind !== 'map') {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
    throw bad(node, place, 'this is neither true, nor false, nor interfaces and subnets.', '{ interfaces: [eth0] }')
  }
  const readers = { interfaces: names, subnets }
  // What is not said is not allowed.
  return { interfaces: false, subnets: false, ...readAll(node, readers, place.path, `${place.rule}.`) }
}

const READERS: { readonly [R in Rule]: Reader<Rules[R]> } = {
  bridges: allowed('[ovsbr0, "lab*"]', bridge),
  interfaces: names,
  subnets,
  vlans: tags,
  untagged: yesOrNo,
  trunks: tags,
  mac: yesOrNo,
  mtu: yesOrNo,
  gateway: yesOrNo,
  routes: subnets,
  rate: yesOrNo,
  tenant: names,
  external,
  networks,
  image_labels: yesOrNo,
  uplinks: names,
  tunnels: allowed<Cidr>('[192.0.2.0/24]', (text, field) => [parseNetwork(text, field)]),
  mirror: yesOrNo,
  central: yesOrNo,
}

/** Every rule, in the order of the manual. */
export const RULES = Object.keys(READERS) as readonly Rule[]

/** The policy that the content of a file means; `undefined` is an empty file. Error: PolicyInvalid. */
export function parsePolicy(content: YamlNode | undefined, path: string, defaultBridge: string): Policy {
  const rules = builtIn(defaultBridge)
  if (content === undefined) return { source: path, rules, given: new Set() }
  if (content.kind !== 'map')
    throw policyInvalid(path, content.line, 'a policy is a list of rules, each NAME: VALUE.', EXAMPLE)
  const given = readAll(content, READERS, path)
  // Who lists VLANs means these; a port without one would be in none of them.
  const untagged = given.untagged ?? !Array.isArray(given.vlans)
  return { source: path, rules: { ...rules, untagged, ...given }, given: new Set(Object.keys(given) as Rule[]) }
}

const EXAMPLE = 'For example: bridges: [ovsbr0]'

type Readers = Readonly<Record<string, Reader<unknown>>>
type ReadBy<R extends Readers> = { -readonly [K in keyof R]?: ReturnType<R[K]> }

/** Reads every entry with the reader of its name. */
function readAll<R extends Readers>({ entries }: YamlMap, readers: R, path: string, prefix = ''): ReadBy<R> {
  return Object.fromEntries(
    entries.map((entry) => [
      entry.key,
      readerOf(entry, readers, path, prefix)(entry.value, { path, rule: prefix + entry.key }),
    ]),
  ) as ReadBy<R>
}

function readerOf({ key, line }: YamlEntry, readers: Readers, path: string, prefix: string): Reader<unknown> {
  const reader = Object.hasOwn(readers, key) ? readers[key] : undefined
  if (reader !== undefined) return reader
  const known = Object.keys(readers)
  const near = closest(key.slice(0, 40), known)
  const next = near === undefined ? `There are: ${known.join(', ')}` : `Did you mean ${prefix}${near}?`
  throw policyInvalid(path, line, `there is no rule ${JSON.stringify(key.slice(0, 80))}.`, next)
}
