// Docker's calls about published ports, with the driver killed at any tool: said again they work, and all of it goes.
import { strict as assert } from 'node:assert'
import { callDriver, called, dockerId, endpointCall, networkCall } from '../support/plugin-call.ts'
import { listed } from '../support/attachments.ts'
import { killedDuring } from '../support/killed-driver.ts'
import { natState } from '../support/nat.ts'
import { ok } from '../support/ovsd.ts'
import { pairs } from '../support/pairs.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { plugin } from '../support/watch.ts'
import { killedWhen } from '../support/wrapped-tools.ts'

const NETWORK = dockerId('b')
const NAT = { bridge: 'bp0', mode: 'nat', vlan: '7' }
const [E1, E2] = [dockerId('1'), dockerId('2')]
const names = (EndpointID: string) => ({ NetworkID: NETWORK, EndpointID })
const publishing = (EndpointID: string, HostPort = 8080) => ({
  ...names(EndpointID),
  Options: {
    'com.docker.network.portmap': [{ Proto: 6, IP: '', Port: 80, HostIP: '', HostPort, HostPortEnd: HostPort }],
  },
})
/** Endpoints that start side by side. */
const MANY = 30
const rules = (): readonly string[] =>
  tool('nft', '--stateless', 'list', 'ruleset')
    .match(/dnat ip to \S+/g)
    ?.map(String) ?? []

describe('calls about published ports', function () {
  this.timeout(240_000)

  it('killed at any tool, each works when it is said again, and nothing is left in the end', async () => {
    const before = natState()
    {
      await using _driver = await plugin()
      await called('CreateNetwork', networkCall(NETWORK, NAT))
    }
    const made = natState()
    for (const [method, call] of [
      ['ProgramExternalConnectivity', publishing(E1)],
      ['RevokeExternalConnectivity', names(E1)],
      ['DeleteEndpoint', names(E1)],
    ] as const) {
      let kills = 0
      const prepare = async (): Promise<void> => {
        await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
        if (method !== 'ProgramExternalConnectivity') await called('ProgramExternalConnectivity', publishing(E1))
      }
      {
        await using _driver = await plugin()
        await prepare()
      }
      // Every other tool: which ones these are is another matter for each of the calls.
      for (let nth = 1; nth < 40; nth += 2) {
        const moment = killedWhen((nth + 1) / 2)
        const isKilled = await killedDuring({ method, call, nth, moment, more: ['nft', 'sysctl'] })
        if (isKilled) kills++
        await using _again = await plugin()
        assert.deepEqual(await called(method, call), {})
        // What a killed one has recorded already is not said again: the first look of the next driver sees to it.
        const wanted = method === 'ProgramExternalConnectivity' ? 'dnat ip to 10.0.0.2:80' : ''
        await until(() => rules().join() === wanted, `rules: ${wanted}`, 20)
        await called('RevokeExternalConnectivity', names(E1))
        await called('DeleteEndpoint', names(E1))
        assert.deepEqual([pairs(), natState()], [[], made], `${method}, call ${String(nth)}`)
        if (!isKilled) break
        await prepare()
      }
      console.log(`      ${method}: killed ${kills} times`)
      assert.ok(kills >= 2, `${method} was killed ${kills} times`)
    }
    await using _driver = await plugin()
    await called('DeleteNetwork', { NetworkID: NETWORK })
    assert.deepEqual(natState(), before)
  })

  it('about many endpoints at once each get what they ask for; of one port one endpoint gets it', async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, NAT))
    const clean = natState()
    const ids = Array.from({ length: MANY }, (_, i) => String(i).padStart(2, '0').repeat(32))
    for (const [i, id] of ids.entries())
      await called('CreateEndpoint', endpointCall(NETWORK, id, `10.0.0.${String(i + 2)}/24`))
    const since = performance.now()
    await Promise.all(
      ids.map((id, i) => called('ProgramExternalConnectivity', publishing(id, i < MANY / 2 ? 0 : 9000 + i))),
    )
    console.log(`      ${MANY} endpoints: ${String(Math.round(performance.now() - since))} ms`)
    assert.equal(new Set(rules()).size, MANY)
    const chosen = listed().map(({ publishedPorts }) => publishedPorts.map(({ hostPort }) => hostPort).join())
    assert.equal(new Set(chosen).size, MANY)
    const two = ids.slice(0, 2)
    const answers = await Promise.all(two.map((id) => callDriver('ProgramExternalConnectivity', publishing(id, 7000))))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 500])
    assert.match(JSON.stringify(answers), /TCP port 7000 of the host is taken/)
    // Also when Docker forgets to end it first.
    await Promise.all(ids.map((id) => called('DeleteEndpoint', names(id))))
    assert.deepEqual([pairs(), natState()], [[], clean])
    await called('DeleteNetwork', { NetworkID: NETWORK })
  })

  it('an endpoint that gets the address of one whose removal never came gets nothing of what that had published', async () => {
    await using _driver = await plugin()
    await called('CreateNetwork', networkCall(NETWORK, NAT))
    await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
    await called('ProgramExternalConnectivity', publishing(E1))
    assert.deepEqual(rules(), ['dnat ip to 10.0.0.2:80'])
    await called('CreateEndpoint', endpointCall(NETWORK, E2, '10.0.0.2/24'))
    assert.deepEqual(rules(), [])
    await called('ProgramExternalConnectivity', publishing(E2))
    assert.deepEqual(rules(), ['dnat ip to 10.0.0.2:80'])
    await called('RevokeExternalConnectivity', names(E2))
    await called('DeleteEndpoint', names(E2))
    await called('DeleteNetwork', { NetworkID: NETWORK })
  })

  it('outlive the store and the driver; endpoints that are no more, and networks, take their rules with them', async () => {
    const before = natState()
    {
      await using _driver = await plugin()
      await called('CreateNetwork', networkCall(NETWORK, NAT))
      await called('CreateEndpoint', endpointCall(NETWORK, E1, '10.0.0.2/24'))
      await called('CreateEndpoint', endpointCall(NETWORK, E2, '10.0.0.3/24'))
      await called('ProgramExternalConnectivity', publishing(E1))
      await called('ProgramExternalConnectivity', publishing(E2, 8081))
    }
    tool('rm', '-rf', '/var/lib/ovsd')
    tool('nft', 'flush', 'ruleset')
    const { port = '' } = listed().find(({ publishedPorts }) => publishedPorts[0]?.hostPort === 8080) ?? {}
    tool('ip', 'link', 'del', 'dev', port)
    {
      await using driver = await plugin()
      await until(() => rules().join() === 'dnat ip to 10.0.0.3:80', 'the rules of the one that is left', 20)
      await driver.sees({ event: 'upkeep.mended', about: 'ports of endpoints' }, { seconds: 20 })
    }
    ok('net', 'rm', NETWORK.slice(0, 12), '--force')
    assert.deepEqual(natState(), before)
  })
})
