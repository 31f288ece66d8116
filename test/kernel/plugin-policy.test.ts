// Networks that Docker asks for are confined by the administrator's policy file.
import { strict as assert } from 'node:assert'
import { rmSync } from 'node:fs'
import { lan } from '../support/lan.ts'
import { errorOf, ovsd } from '../support/ovsd.ts'
import { called, callDriver, dockerId, endpointCall, networkCall } from '../support/plugin-call.ts'
import { settingsFile } from '../support/settings-file.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { daemon, plugin, type Watcher } from '../support/watch.ts'

const NETWORK = dockerId('d')
const OTHER = dockerId('e')
const ENDPOINT = dockerId('1')

const ask = (options: Readonly<Record<string, string>>, subnet?: string, id = NETWORK) =>
  callDriver('CreateNetwork', networkCall(id, { mode: 'l2', ...options }, subnet))
const gone = (NetworkID = NETWORK) => called('DeleteNetwork', { NetworkID })

/** Asks for a network that must be refused: nothing of it is there then. */
async function refused(
  path: string,
  rule: string,
  options: Readonly<Record<string, string>>,
  subnet?: string,
): Promise<string> {
  const before = snapshot()
  const { status, body } = await ask(options, subnet)
  const said = String(body['Err'])
  assert.equal(status, 500, said)
  assert.ok(said.includes(`(rule: ${rule})\n`) && said.includes(` in ${path}, ovsd-policy(5)`), said)
  assert.deepEqual(snapshot(), before)
  return said
}

/** Asks for a network, which is made, and takes it away again. */
async function made(options: Readonly<Record<string, string>>, subnet?: string): Promise<void> {
  const { status, body } = await ask(options, subnet)
  assert.equal(status, 200, String(body['Err']))
  await gone()
}

const reloaded = (driver: Watcher, event: string) => driver.after(() => driver.signal('SIGHUP'), event)

describe('the policy over networks of Docker', function () {
  this.timeout(120_000)

  it('without a file, and with none, they may be what they like', async () => {
    using there = lan()
    for (const args of [[], ['--policy=none']]) {
      await using driver = await plugin(args)
      assert.equal(driver.all('plugin.started')[0]?.['policy'], args.length === 0 ? 'built-in' : 'none')
      await made({ bridge: 'bp9', mode: 'flat', uplink: there.nic, vlan: '9', mtu: '1400' }, '10.9.0')
    }
  })

  it('refuses bridges, subnets, VLANs, NICs and the rest that a file does not allow, and makes what it allows', async () => {
    using there = lan()
    const allowed = `bridges: ["bp*"]\nsubnets: [10.1.0.0/16]\nvlans: [100-199]\n`
    using file = settingsFile(allowed)
    await using driver = await plugin([], { OVSD_POLICY: file.path })
    assert.equal(driver.all('plugin.started')[0]?.['policy'], file.path)
    const good = { bridge: 'bp0', vlan: '100' }
    await made(good, '10.1.2')
    assert.match(
      await refused(file.path, 'bridges', { ...good, bridge: 'br9' }, '10.1.2'),
      /^--opt bridge: br9 is not allowed; allowed: bp\*\. /,
    )
    // The bridge of networks that name none is in no list by itself.
    await refused(file.path, 'bridges', { vlan: '100' }, '10.1.2')
    assert.match(await refused(file.path, 'subnets', good), /^--subnet: 10\.0\.0\.0\/24 is not allowed/)
    assert.match(await refused(file.path, 'vlans', { ...good, vlan: '9' }, '10.1.2'), /^--opt vlan: VLAN 9 is not/)
    assert.match(await refused(file.path, 'built-in: untagged', { bridge: 'bp0' }, '10.1.2'), /a VLAN has to be chosen/)
    // The lowest one that is free is chosen for a network of a tenant.
    assert.match(await refused(file.path, 'vlans', { bridge: 'bp0', tenant: 'red' }, '10.1.2'), /VLAN 2 is not allowed/)
    const flat = { ...good, mode: 'flat', uplink: there.nic }
    assert.match(await refused(file.path, 'built-in: uplinks', flat, '10.1.2'), /^--opt uplink: \S+ is not allowed\./)
    await refused(file.path, 'built-in: tunnels', { ...good, vxlan: '192.0.2.2', key: '7' }, '10.1.2')
    await refused(file.path, 'built-in: mirror', { ...good, 'mirror.ports': 'all', 'mirror.dest': 'spy' }, '10.1.2')
    await refused(file.path, 'built-in: uplinks, subnets', flat)
    // Its name is in no list here, either.
    await refused(file.path, 'built-in: ovn, bridges', { ...good, bridge: 'br-int' }, '10.1.2')
    assert.ok(driver.all({ event: 'call.failed', code: 'PolicyRefused' }).length >= 11)
    file.write(`${allowed}uplinks: [${there.nic}]\n`)
    await reloaded(driver, 'policy.loaded')
    await made(flat, '10.1.2')
  })

  it('SIGHUP reads it again; what is there stays and works, and a broken file changes nothing', async () => {
    using file = settingsFile('bridges: [bp0]\n')
    await using driver = await plugin([`--policy=${file.path}`])
    await made({ bridge: 'bp0' })
    await ask({ bridge: 'bp0' })
    file.write('bridges: [bp1]\n')
    await reloaded(driver, 'policy.loaded')
    const call = networkCall(NETWORK, { mode: 'l2', bridge: 'bp0' })
    await called('CreateNetwork', call)
    await called('CreateEndpoint', endpointCall(NETWORK, ENDPOINT, '10.0.0.2/24'))
    await called('DeleteEndpoint', { NetworkID: NETWORK, EndpointID: ENDPOINT })
    const again = await ask({ bridge: 'bp0' }, '10.2.0', OTHER)
    assert.match(String(again.body['Err']), /--opt bridge: bp0 is not allowed; allowed: bp1/)
    for (const change of [() => file.write('bridges: [bp0\n'), () => rmSync(file.path)]) {
      change()
      const line = await reloaded(driver, 'policy.kept')
      assert.match(line.msg, /stays as it was/)
      assert.equal((await ask({ bridge: 'bp0' }, '10.2.0', OTHER)).status, 500)
    }
    await gone()
    await made({ bridge: 'bp1' })
  })

  it('a file that is damaged, missing or not root’s alone: it does not start', () => {
    for (const [text, mode, code] of [
      ['bridges: [bp0\n', 0o644, 'PolicyInvalid'],
      ['bridge: [bp0]\n', 0o644, 'PolicyInvalid'],
      ['bridges: [bp0]\n', 0o666, 'PolicyUnsafe'],
    ] as const) {
      using file = settingsFile(text)
      tool('chmod', mode.toString(8), file.path)
      const ended = ovsd(['plugin', `--policy=${file.path}`, '--json'])
      assert.deepEqual([ended.status === 0, errorOf(ended).code], [false, code])
    }
    assert.equal(errorOf(ovsd(['plugin', '--policy=/nowhere/p.yaml', '--json'])).code, 'PolicyUnreadable')
    assert.equal(errorOf(ovsd(['plugin', '--policy=p.yaml', '--json'])).code, 'BadInput')
  })

  it('the settings file names it for plugin, too; an option comes first', async () => {
    using file = settingsFile('bridges: [bp1]\n')
    using settings = settingsFile(`policy: ${file.path}\n`, { name: 'ovsd.yaml' })
    {
      await using _driver = await plugin([], { OVSD_CONFIG: settings.path })
      await refused(file.path, 'bridges', { bridge: 'bp0' })
    }
    await using _driver = await plugin(['--policy=none'], { OVSD_CONFIG: settings.path })
    await made({ bridge: 'bp0' })
  })

  it('is one policy with that of labels in the daemon; the default bridge of labels is none of networks', async () => {
    using file = settingsFile('subnets: [10.1.0.0/16]\n')
    await using driver = await daemon([`--policy=${file.path}`, '--bridge=bp1'])
    await made({}, '10.1.0')
    await refused(file.path, 'built-in: bridges', { bridge: 'bp1' }, '10.1.0')
    await refused(file.path, 'subnets', {})
    file.write('bridges: [bp1]\n')
    await reloaded(driver, 'policy.loaded')
    await made({ bridge: 'bp1' })
    await refused(file.path, 'bridges', {})
  })
})
