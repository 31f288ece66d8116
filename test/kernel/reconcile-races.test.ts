// Containers that want the same at the same moment, and interfaces of which one fails.
import { strict as assert } from 'node:assert'
import { CommandFailed } from '../../src/lib/errors.ts'
import type { Command } from '../../src/lib/system/command.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { labels, port, ports } from '../support/ports.ts'
import { Reconciling } from '../support/reconciling.ts'
import type { Sleeper } from '../support/sleepers.ts'
import { tool, toolIn } from '../support/tool.ts'

describe('a reconciler with several containers at once', () => {
  let all: AsyncDisposableStack
  let bridge: TestBridge

  beforeEach(() => {
    all = new AsyncDisposableStack()
    bridge = all.use(testBridge())
  })

  afterEach(() => all.disposeAsync())

  const open = async (options = {}): Promise<Reconciling> => all.use(await Reconciling.open(options))

  it('goes on with the other interfaces when one fails, and leaves nothing of that one', async () => {
    let broken = true
    const site = await open({
      before({ tool: name, input = '', inside }: Pick<Command, 'tool' | 'input' | 'inside'>) {
        // Alone in the end: what shares a process with others that fails is run by itself.
        const isIt = broken && (name === 'xargs' || (inside !== undefined && /\bdev eth2\b/.test(input)))
        if (isIt) throw new CommandFailed(name, 'made to fail', false, 'Failed')
      },
    })
    const web = await site.engine.run(labels(bridge, '10.0.0.2/24', { 'ovs.eth2.bridge': bridge.name }))
    assert.deepEqual(await site.look(web), ['+ c0 eth1', 'failed c0 eth2 CommandFailed', 'rejected'])
    assert.deepEqual(ports(bridge), [port(web)])
    assert.doesNotMatch(toolIn(web.netns, 'ip', '-o', 'link'), /eth2/)
    assert.equal(site.claims.size, 0)
    broken = false
    assert.deepEqual(await site.look(web), ['+ c0 eth2'])
  })

  it('gives an address that 8 containers want at once to exactly one', async () => {
    const site = await open()
    const many: Sleeper[] = []
    for (let i = 0; i < 8; i++) many.push(await site.engine.run(labels(bridge, '10.0.0.2/24')))
    const said = await site.look(...many)
    assert.equal(said.filter((line) => line.endsWith('AddressInUse')).length, 7)
    assert.equal(said.filter((line) => line.startsWith('+')).length, 1)
    assert.deepEqual([ports(bridge).length, said.length, site.claims.size], [1, 8, 0])
  })

  it('gives it to one also when some of them say a VLAN and others the VLAN bridge of it', async () => {
    tool('ovs-vsctl', 'add-br', 'bkv7', bridge.name, '7')
    const site = await open()
    const many: Sleeper[] = []
    for (let i = 0; i < 6; i++)
      many.push(
        await site.engine.run(
          i % 2 === 0 ? labels('bkv7', '10.0.0.2/24') : labels(bridge, '10.0.0.2/24', { 'ovs.vlan': '7' }),
        ),
      )
    const said = await site.look(...many)
    assert.equal(said.filter((line) => line.startsWith('+')).length, 1, said.join('\n'))
  })

  it('creates a bridge once that 10 containers want at once, and does not keep them waiting for each other', async () => {
    const site = await open()
    const many: Sleeper[] = []
    for (let i = 0; i < 10; i++) many.push(await site.engine.run(labels('bk-missing', `10.0.0.${i + 2}/24`)))
    try {
      const said = await site.look(...many)
      assert.equal(said.filter((line) => line.startsWith('+')).length, 10, said.join('\n'))
      assert.equal(site.started.filter((line) => line.includes('add-br')).length, 1)
      // The first alone; the others share theirs.
      const adding = site.started.filter((line) => line.includes('create Interface')).length
      assert.ok(adding < 6, `${adding} transactions`)
      assert.equal(ports({ name: 'bk-missing' }).length, 10)
      assert.equal(site.claims.size, 0)
    } finally {
      tool('ovs-vsctl', '--if-exists', 'del-br', 'bk-missing')
    }
  })
})
