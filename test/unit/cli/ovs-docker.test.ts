import { strict as assert } from 'node:assert'
import { OVS_DOCKER_USAGE } from '../../../src/ovs-docker-usage.ts'
import { translate, type Reply } from '../../../src/ovs-docker.ts'
import { captured } from '../../support/captured.ts'

/** The words of a recorded command line, without the name of the script. */
function wordsOf(name: string): string[] {
  const [, ...words] = captured(`ovs-docker/${name}`).command.split(' ')
  return words.map((word) => word.replace(/^'(.*)'$/, '$1'))
}

function replyTo(...argv: string[]): Reply {
  const reply = translate(argv)
  return Array.isArray(reply) ? assert.fail(`translated to ${reply.join(' ')}`) : reply
}

describe('translate, started as ovs-docker', () => {
  const likeTheScript = [
    'no-arguments',
    'help',
    'short-help',
    'unknown-command',
    'add-port-too-few',
    'add-port-empty',
    'add-port-unknown-option',
    'add-port-separate-value',
    'del-port-too-few',
    'del-ports-too-few',
    'set-vlan-too-few',
  ]
  for (const name of likeTheScript)
    it(`ends as the script does: ${name}`, () => {
      const real = captured(`ovs-docker/${name}`)
      const { text, stream, status } = replyTo(...wordsOf(name))
      assert.equal(status, real.status)
      assert.equal(stream, real.stdout === '' ? 'stderr' : 'stdout')
      if (stream === 'stdout') assert.equal(text, OVS_DOCKER_USAGE)
      // The script leaves out a colon in some of its complaints.
      else assert.equal(text, real.stderr.replace('ovs-docker add-port:', 'ovs-docker: add-port:'))
    })

  it('knows the usage of the script: its commands, operands and options', () => {
    const { stdout } = captured('ovs-docker/help')
    const synopses = (text: string) =>
      [...text.matchAll(/^ {2}((?:add|del|set)-\w+(?: [A-Z]+)+)/gm)].map(([, one]) => one)
    assert.equal(synopses(stdout).length, 4)
    assert.deepEqual(synopses(OVS_DOCKER_USAGE), synopses(stdout))
    const options = (text: string) => [...new Set(text.match(/--[a-z]+/g))].sort()
    assert.deepEqual(options(OVS_DOCKER_USAGE), options(stdout))
  })

  const translated: readonly (readonly [string, string])[] = [
    ['add-port br0 eth1 web', 'add-port -- br0 eth1 web'],
    [
      'add-port br0 eth1 web --ipaddress=10.0.0.2/24 --gateway=10.0.0.1 --macaddress=a2:c3:0d:49:7f:f8 --mtu=1450',
      'add-port --ipaddress=10.0.0.2/24 --gateway=10.0.0.1 --macaddress=a2:c3:0d:49:7f:f8 --mtu=1450 -- br0 eth1 web',
    ],
    ['add-port br0 eth1 web --mtu= --gateway=', 'add-port -- br0 eth1 web'],
    ['add-port br0 eth1 web --mtu=1400 --mtu=1450', 'add-port --mtu=1450 -- br0 eth1 web'],
    ['add-port br0 eth1 web --ipaddress=a=b', 'add-port --ipaddress=a=b -- br0 eth1 web'],
    ['add-port -f eth1 --help', 'add-port -- -f eth1 --help'],
    ['del-port br0 eth1 web', 'del-port -- br0 eth1 web'],
    ['del-port br0 eth1 web ignored --too', 'del-port -- br0 eth1 web'],
    ['del-ports br0 web', 'del-ports -- br0 web'],
    ['set-vlan br0 eth1 web 10', 'set-vlan -- br0 eth1 web 10'],
    ['set-vlan br0 eth1 web -1', 'set-vlan -- br0 eth1 web -1'],
  ]
  for (const [from, to] of translated)
    it(from, () => {
      const argv = translate(from.split(' '))
      assert.deepEqual(argv, to.split(' '))
    })

  const complaints = [
    'list',
    '--json',
    'toString',
    '__proto__',
    'add-port br0 eth1 web more',
    'add-port br0 eth1 web --mtu',
  ]
  for (const line of complaints)
    it(`has nothing of ovsd's own: ${line}`, () => {
      const { stream, status, text } = replyTo(...line.split(' '))
      assert.deepEqual([stream, status], ['stderr', 1])
      assert.match(text, /^ovs-docker: .*\n$/)
    })
})
