import { strict as assert } from 'node:assert'
import type { PolicyCheck } from '../../src/commands/policy/check.ts'
import { testBridge } from '../support/bridge.ts'
import { container } from '../support/containers.ts'
import { ovsd } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'

/** Status and answer of `policy check --container`, where `bridge` is the default one. */
function check(name: string, bridge: string, ...more: string[]) {
  const { status, stdout } = ovsd(['policy', 'check', `--container=${name}`, '--json', ...more], {
    OVSD_BRIDGE: bridge,
  })
  return { status, answer: JSON.parse(stdout) as PolicyCheck }
}

describe('policy check --container', () => {
  it('asks the engine for the labels of a container', () => {
    using bridge = testBridge()
    using web = container('--label=ovs.ip_address=10.0.0.2/24', '--label=ovs.eth2.trunks=10')
    const { status, answer } = check(web.name, bridge.name)
    assert.equal(status, 1)
    assert.deepEqual(
      answer.wishes.map(({ interface: iface, bridge: on, violations }) => [
        iface,
        on,
        violations.map(({ rule }) => rule),
      ]),
      [
        ['eth1', bridge.name, []],
        ['eth2', bridge.name, ['built-in: trunks']],
      ],
    )
  })

  it('leaves out the labels of the image, unless the policy lets them count', () => {
    using bridge = testBridge()
    using plain = container()
    const image = `labelled-${String(process.pid)}`
    const change = 'LABEL ovs.ip_address=10.0.0.2/24 ovs.vlan=7'
    tool('docker', 'commit', `--change=${change}`, plain.name, image)
    const id = tool('docker', 'create', '--label=ovs.vlan=8', image).trim()
    try {
      const { answer } = check(id, bridge.name)
      assert.deepEqual(answer.imageLabels, ['ovs.ip_address'])
      assert.deepEqual(answer.wishes[0]?.refusal?.label, 'ovs.ip_address')
      const all = check(id, bridge.name, '--policy=none')
      assert.deepEqual([all.status, all.answer.imageLabels, all.answer.wishes[0]?.allowed], [0, [], true])
    } finally {
      tool('docker', 'rm', id)
      tool('docker', 'image', 'rm', image)
    }
  })

  it('knows the bridge of OVN by its marks', () => {
    using bridge = testBridge()
    using web = container('--label=ovs.ip_address=10.0.0.2/24')
    assert.equal(check(web.name, bridge.name).status, 0)
    tool('ovs-vsctl', 'set', 'Bridge', bridge.name, 'external_ids:ct-zone-lsp1=3')
    const { status, answer } = check(web.name, bridge.name)
    assert.deepEqual([status, answer.wishes[0]?.violations.map(({ rule }) => rule)], [1, ['built-in: ovn']])
  })

  it('says that there is no such container', () => {
    const { status, stdout } = ovsd(['policy', 'check', '--container=nobody', '--json'])
    assert.equal(status, 1)
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'ContainerMissing')
  })
})
