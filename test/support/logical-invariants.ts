// What has to be true of a host and the northbound database together, whenever things are quiet.
import { strict as assert } from 'node:assert'
import { mapOf, optional, setOf } from '../../src/lib/ovsdb/values.ts'
import { bridgesSeen, ownPortsSeen, type SeenRow } from './ovs-rows.ts'
import { tool } from './tool.ts'

interface LogicalPortSeen {
  readonly name: string
  readonly addresses: readonly string[]
  readonly options: Readonly<Record<string, string>>
  readonly ids: Readonly<Record<string, string>>
  readonly up: boolean
}

/** The logical ports of containers, as ovn-nbctl prints them. */
export function logicalPortsSeen(): readonly LogicalPortSeen[] {
  const columns = 'name,addresses,options,external_ids,up'
  const text = tool('ovn-nbctl', '--format=json', `--columns=${columns}`, 'list', 'Logical_Switch_Port')
  const { headings, data } = JSON.parse(text) as { headings: string[]; data: SeenRow[string][][] }
  return data
    .map((row): SeenRow => Object.fromEntries(headings.map((heading, i) => [heading, row[i] ?? null])))
    .map((row) => ({
      name: typeof row['name'] === 'string' ? row['name'] : '',
      addresses: setOf(row['addresses']).map(String),
      options: mapOf(row['options']),
      ids: mapOf(row['external_ids']),
      up: optional(row['up']) === true,
    }))
    .filter(({ ids }) => ids['ovsd_container'] !== undefined)
}

/**
 * I1, I2, I5 for logical ports: each interface of this host that is one has it, for its life, with its addresses, and it works; no
 * logical port is for this host without an interface or a record; no address is twice in a network.
 */
export function logicalHolds(): void {
  const chassis = tool('ovs-vsctl', 'get', 'open_vswitch', '.', 'external_ids:system-id').trim().replaceAll('"', '')
  const ports = ownPortsSeen().filter(({ ids }) => ids['iface-id'] !== undefined)
  const all = logicalPortsSeen()
  for (const { ids } of ports) {
    const name = ids['iface-id'] ?? ''
    const [port, ...more] = all.filter((one) => one.name === name)
    assert.ok(port !== undefined && more.length === 0, `${name} is not there`)
    const { addresses, mac } = JSON.parse(ids['ovsd_spec'] ?? '{}') as { addresses: string[]; mac: string }
    const whole = [mac, ...addresses.map((text) => text.replace(/\/.*/, ''))].join(' ')
    // Of Docker's endpoint the life of its container is all that it has.
    const life = ids['ovsd_endpoint']?.slice(0, 12) ?? ids['ovsd_generation']
    assert.deepEqual(
      { name, ...port.options, addresses: port.addresses, up: port.up },
      { name, 'requested-chassis': chassis, 'iface-id-ver': life, addresses: [whole], up: true },
    )
    assert.equal(ids['iface-id-ver'], life)
  }
  const records = bridgesSeen().flatMap(({ ids }) => Object.keys(ids).filter((key) => key.startsWith('ovsd_persist.')))
  const kept = records.map((key) => key.split('.')).map(([, id = '', iface = '']) => `lsp-${id.slice(0, 12)}-${iface}`)
  const here = new Set([...ports.map(({ ids }) => ids['iface-id']), ...kept])
  const strays = all.filter(({ name, options }) => options['requested-chassis'] === chassis && !here.has(name))
  assert.deepEqual(
    strays.map(({ name }) => name),
    [],
    'logical ports of nothing',
  )
  const taken = all.flatMap(({ ids }) =>
    Object.keys(ids).flatMap((key) => (key.startsWith('ovsd_ip.') ? `${ids['ovsd_id'] ?? ''} ${key}` : [])),
  )
  assert.equal(new Set(taken).size, taken.length, 'an address twice')
}
