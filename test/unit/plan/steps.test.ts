import { strict as assert } from 'node:assert'
import { CommandFailed, Refused } from '../../../src/lib/errors.ts'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import { parseGateways, parseRoute } from '../../../src/lib/net/route.ts'
import { addressProbe } from '../../../src/lib/plan/steps/address-probe.ts'
import { linkConfigure } from '../../../src/lib/plan/steps/link-configure.ts'
import { linkOffload } from '../../../src/lib/plan/steps/link-offload.ts'
import { linkRemove } from '../../../src/lib/plan/steps/link-remove.ts'
import { linkTune } from '../../../src/lib/plan/steps/link-tune.ts'
import { vethCreate } from '../../../src/lib/plan/steps/veth-create.ts'
import type { Attachment } from '../../../src/lib/attach/attachment.ts'
import { shellLine } from '../../../src/lib/system/command.ts'
import { attachment, hostWith, NETNS } from '../../support/samples.ts'
import { scriptedRunner, type Line } from '../../support/scripted-runner.ts'

const NEVER = new AbortController().signal
const ENTER = 'nsenter --net=/proc/4711/ns/net'

/** A host that answers from a script, and what was run on it. */
function scripted(script: Readonly<Record<string, readonly Line[]>>) {
  const { run, ran } = scriptedRunner(script)
  return { host: hostWith(run), ran }
}

/** The lines of a step's only command that has input. */
const batch = (line: string): readonly string[] => line.split('\n').slice(1, -1)

function withAddresses(
  texts: readonly string[],
  gateways: readonly string[] = [],
  routes: readonly string[] = [],
): Attachment {
  const addresses = texts.map((text) => parseHostCidr(text))
  return attachment({
    addresses,
    gateways: parseGateways(gateways, addresses),
    routes: routes.map((text) => parseRoute(text, addresses)),
  })
}

describe('veth.create', () => {
  it('creates both ends at once, named, with MAC, MTU, alias and without an address of the host', () => {
    const { host } = scripted({})
    const [command] = vethCreate(host, attachment({ mtu: 1450 }), NETNS).commands()
    assert.deepEqual(batch(shellLine(command ?? assert.fail())), [
      'link add 9b9ae58bfda2f_l mtu 1450 type veth peer name eth1 address 02:42:0a:00:00:02 mtu 1450 netns /proc/4711/ns/net',
      'link set dev 9b9ae58bfda2f_l alias ovsd/c474a0e2830e/eth1',
      'link set dev 9b9ae58bfda2f_l addrgenmode none',
      'link set dev 9b9ae58bfda2f_l arp off',
      'link set dev 9b9ae58bfda2f_l up',
    ])
  })

  it('says in its own words that the container has such an interface already', async () => {
    const { host } = scripted({ 'ip -batch -': ['ip/batch-name-taken'] })
    await assert.rejects(vethCreate(host, attachment(), NETNS).apply(NEVER), (error) => {
      assert.ok(error instanceof Refused && error.cause instanceof CommandFailed)
      assert.deepEqual([error.code, error.status], ['InterfaceExists', 1])
      assert.match(error.message, /container web already has an interface eth1/)
      return true
    })
  })

  it('takes a failure of a later line for what it is', async () => {
    const { host } = scripted({ 'ip -batch -': ['ip/batch-second-line'] })
    await assert.rejects(
      vethCreate(host, attachment(), NETNS).apply(NEVER),
      (error) => error instanceof CommandFailed && error.said.endsWith('Command failed -:2'),
    )
  })

  it('runs nothing to undo a link that is not there', async () => {
    const { host, ran } = scripted({})
    await vethCreate(host, attachment(), NETNS).undo(NEVER)
    assert.deepEqual(ran, [])
  })
})

describe('link.remove', () => {
  it('is done when there is no such link', async () => {
    const { host, ran } = scripted({})
    const step = linkRemove(host, ['c474a0e2830e0_l'])
    assert.equal(await step.isDone(NEVER), true)
    await step.apply(NEVER)
    assert.deepEqual(ran, [])
    assert.equal(await linkRemove(host, ['c474a0e2830e0_l', 'lo']).isDone(NEVER), false)
  })

  it('fails when the link is still there afterwards', async () => {
    const { host, ran } = scripted({ 'ip -force -batch': ['ip/link-del-missing'] })
    await assert.rejects(linkRemove(host, ['lo']).apply(NEVER), CommandFailed)
    assert.deepEqual(ran, ["ip -force -batch - <<'EOF'\nlink del dev lo\nEOF"])
  })

  it('deletes any number in one process, which goes on past one that is gone', () => {
    const { host } = scripted({})
    const [command] = linkRemove(host, ['a_l', 'b_l']).commands()
    assert.match(
      shellLine(command ?? assert.fail()),
      /^ip -force -batch - <<'EOF'\nlink set dev a_l group (\d+)\nlink set dev b_l group \1\nlink del group \1\nEOF$/,
    )
  })
})

describe('link.offload', () => {
  for (const [recording, done] of [
    ['ethtool/on', false],
    ['ethtool/off', true],
  ] as const)
    it(`is ${done ? '' : 'not '}done: ${recording}`, async () => {
      const { host, ran } = scripted({ 'ethtool -k eth1': [recording] })
      assert.equal(await linkOffload(host, attachment().iface, NETNS).isDone(NEVER), done)
      assert.deepEqual(ran, [`${ENTER} ethtool -k eth1`])
    })
})

describe('link.tune', () => {
  for (const [recording, done] of [
    ['sysctl/off', false],
    ['sysctl/on', true],
  ] as const)
    it(`is ${done ? '' : 'not '}done: ${recording}`, async () => {
      const { host } = scripted({ 'sysctl -ne': [recording] })
      assert.equal(await linkTune(host, attachment(), NETNS).isDone(NEVER), done)
    })

  it('allows IPv6 and has it announced', async () => {
    const { host, ran } = scripted({ 'sysctl -qew': [{}] })
    await linkTune(host, withAddresses(['fd00::2/64']), NETNS).apply(NEVER)
    assert.deepEqual(ran, [`${ENTER} sysctl -qew net/ipv6/conf/eth1/ndisc_notify=1 net/ipv6/conf/eth1/disable_ipv6=0`])
  })
})

describe('link.configure', () => {
  const lines = (wanted: Attachment) => {
    const [command] = linkConfigure(scripted({}).host, wanted, NETNS, []).commands()
    return batch(shellLine(command ?? assert.fail()))
  }

  it('sets addresses before the link goes up, routes after, and announces at last', () => {
    const wanted = withAddresses(
      ['10.0.0.2/24', 'fd00::2/64'],
      ['10.0.0.1', 'fd00::1'],
      ['10.1.0.0/16,10.0.0.254', '10.2.0.0/16'],
    )
    assert.deepEqual(lines(wanted), [
      'address replace 10.0.0.2/24 dev eth1',
      'address replace fd00::2/64 dev eth1 nodad',
      'link set dev eth1 up',
      'route replace default via 10.0.0.1 dev eth1',
      'route replace ::/0 via fd00::1 dev eth1',
      'route replace 10.1.0.0/16 via 10.0.0.254 dev eth1',
      'route replace 10.2.0.0/16 dev eth1',
      'neigh replace 10.0.0.2 dev eth1 lladdr ff:ff:ff:ff:ff:ff nud probe',
    ])
  })

  it('brings up an interface without any address', () => {
    assert.deepEqual(lines(withAddresses([])), ['link set dev eth1 up'])
  })

  it('first says where a gateway is that is in none of the networks', () => {
    assert.deepEqual(lines(withAddresses(['10.0.0.2/32', 'fd00::2/64'], ['192.0.2.1', 'fe80::1'])).slice(3), [
      'route replace 192.0.2.1/32 dev eth1',
      'route replace default via 192.0.2.1 dev eth1',
      'route replace ::/0 via fe80::1 dev eth1',
      'neigh replace 10.0.0.2 dev eth1 lladdr ff:ff:ff:ff:ff:ff nud probe',
    ])
  })

  for (const [title, wanted, done] of [
    ['as declared', withAddresses(['10.0.0.2/24', 'fd00::2/64']), true],
    ['with another address', withAddresses(['10.0.0.3/24']), false],
    ['with another MTU', attachment({ mtu: 1500 }), false],
  ] as const)
    it(`is ${done ? '' : 'not '}done on an interface ${title}`, async () => {
      const { host } = scripted({ 'ip -json address show': ['ip/address-show'] })
      assert.equal(await linkConfigure(host, wanted, NETNS, []).isDone(NEVER), done)
    })

  it('undone, takes its addresses away and puts the default routes back, last', async () => {
    const { host, ran } = scripted({ 'ip -json address show': ['ip/address-show'], 'ip -batch -': [{}] })
    const replaced = [
      { family: 4, routes: [{ dst: 'default', gateway: '192.0.2.1', dev: 'eth0', metric: 100 }] },
    ] as const
    await linkConfigure(host, attachment(), NETNS, replaced).undo(NEVER)
    assert.deepEqual(batch(ran[1] ?? ''), [
      'link set dev eth1 down',
      'address flush dev eth1',
      'route replace default via 192.0.2.1 dev eth0 metric 100',
    ])
  })

  it('has nothing to undo where the interface never came to be', async () => {
    const { host, ran } = scripted({ 'ip -json address show': [{ stdout: '[]' }] })
    await linkConfigure(host, attachment(), NETNS, []).undo(NEVER)
    assert.equal(ran.length, 1)
  })
})

describe('address.probe', () => {
  const probe = (wanted: Attachment, script: Readonly<Record<string, readonly Line[]>>) => {
    const { host, ran } = scripted({ 'ip -batch -': [{}], ...script })
    return { ran, applied: addressProbe(host, wanted, NETNS).apply(NEVER) }
  }
  const inUse = (address: string) => (error: unknown) =>
    error instanceof Refused &&
    error.code === 'AddressInUse' &&
    error.message.includes(`br0 already answers for ${address}`)

  it('finds IPv4 addresses free that nobody answers for', async () => {
    const { ran, applied } = probe(withAddresses(['10.3.0.9/24']), { 'arping -D': ['arping/free'] })
    await applied
    assert.deepEqual(ran.slice(1), [`${ENTER} arping -D -q -c 2 -w 2 -I eth1 10.3.0.9`])
  })

  it('refuses one that somebody answers for', async () => {
    const { applied } = probe(withAddresses(['10.3.0.9/24', '10.3.0.7/24']), {
      'arping -D -q -c 2 -w 2 -I eth1 10.3.0.9': ['arping/free'],
      'arping -D -q -c 2 -w 2 -I eth1 10.3.0.7': ['arping/taken'],
    })
    await assert.rejects(applied, inUse('10.3.0.7/24'))
  })

  const eth3 = (texts: readonly string[]) => ({ ...withAddresses(texts), iface: 'eth3' as Attachment['iface'] })

  it('waits for the kernel to have asked about IPv6 addresses', async () => {
    const script = { 'ip -json address show': ['ip/address-show-asking', 'ip/address-show-asking', 'ip/address-show'] }
    const { ran, applied } = probe(eth3(['fd00:3::8/64']), script)
    await applied
    assert.equal(ran.filter((line) => line.includes('address show')).length, 3)
  })

  it('refuses an IPv6 address that somebody else has', async () => {
    const script = { 'ip -json address show': ['ip/address-show-asking', 'ip/address-show-duplicate'] }
    await assert.rejects(probe(eth3(['fd00:3::7/64']), script).applied, inUse('fd00:3::7/64'))
  })

  it('ends the waiting with the signal', async () => {
    const stop = new AbortController()
    const { host } = scripted({ 'ip -batch -': [{}], 'ip -json address show': ['ip/address-show-asking'] })
    const applied = addressProbe(host, eth3(['fd00:3::8/64']), NETNS).apply(stop.signal)
    setTimeout(() => {
      stop.abort(new Error('enough'))
    }, 50)
    await assert.rejects(applied, (error) => String(error).includes('enough') || (error as Error).name === 'AbortError')
  })
})
