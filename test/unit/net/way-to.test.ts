import { strict as assert } from 'node:assert'
import { parseIp } from '../../../src/lib/net/ip-address.ts'
import { waysTo } from '../../../src/lib/net/way-to.ts'
import { scriptedRunner, type Line } from '../../support/scripted-runner.ts'

const COMMAND = 'ip -json -details -force -batch -'
const ways = async (addresses: readonly string[], ...lines: readonly Line[]) => {
  const { run, ran } = scriptedRunner({ [COMMAND]: lines })
  return {
    ways: await waysTo(
      run,
      addresses.map((text) => parseIp(text, '')),
      undefined,
    ),
    ran,
  }
}
const answer = (status: number, ...found: readonly object[]): Line => ({
  status,
  stdout: found.map((one) => `${JSON.stringify([one])}\n`).join(''),
})

describe('waysTo', () => {
  it('asks about all addresses at once, and then about their devices', async () => {
    const { ways: found, ran } = await ways(
      ['192.0.2.2', '192.0.2.3', 'fd00::2'],
      answer(
        0,
        { dst: '192.0.2.2', gateway: '198.51.100.9', dev: 'eth0', flags: [] },
        { dst: '192.0.2.3', dev: 'eth0', metrics: [{ mtu: 1400 }] },
        { type: 'local', dst: 'fd00:0::2', dev: 'lo' },
      ),
      answer(0, { ifname: 'eth0', mtu: 9000 }, { ifname: 'lo', mtu: 65_536 }),
    )
    assert.deepEqual(Object.fromEntries(found), {
      '192.0.2.2': { isHere: false, dev: 'eth0', below: 'eth0', mtu: 9000 },
      '192.0.2.3': { isHere: false, dev: 'eth0', below: 'eth0', mtu: 1400 },
      'fd00::2': { isHere: true, dev: 'lo', below: 'lo', mtu: 65_536 },
    })
    assert.deepEqual(ran, [
      `${COMMAND} <<'EOF'\nroute get 192.0.2.2\nroute get 192.0.2.3\nroute get fd00::2\nEOF`,
      `${COMMAND} <<'EOF'\nlink show dev eth0\nlink show dev lo\nEOF`,
    ])
  })

  it('leaves out what there is no way to', async () => {
    const { ways: found, ran } = await ways(['192.0.2.2'], answer(1))
    assert.deepEqual([...found], [])
    assert.equal(ran.length, 1)
    assert.deepEqual(
      [...(await ways(['192.0.2.2'], answer(0, { dst: '192.0.2.2', dev: 'gone0' }), answer(1))).ways],
      [],
    )
  })

  it('knows what a VLAN is a VLAN of', async () => {
    const { ways: found } = await ways(
      ['192.0.2.2'],
      answer(0, { dst: '192.0.2.2', dev: 'br0.9' }),
      answer(0, { ifname: 'br0.9', link: 'br0', mtu: 1500, linkinfo: { info_kind: 'vlan', info_data: { id: 9 } } }),
    )
    assert.deepEqual(found.get('192.0.2.2'), { isHere: false, dev: 'br0.9', below: 'br0', mtu: 1500 })
    // The other end of a pair is no device below.
    const { ways: pair } = await ways(
      ['192.0.2.2'],
      answer(0, { dst: '192.0.2.2', dev: 'v0' }),
      answer(0, { ifname: 'v0', link: 'v1', mtu: 1500, linkinfo: { info_kind: 'veth' } }),
    )
    assert.equal(pair.get('192.0.2.2')?.below, 'v0')
  })
})
