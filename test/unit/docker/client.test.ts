import { strict as assert } from 'node:assert'
import { DockerClient } from '../../../src/lib/docker/client.ts'
import { parseContainer } from '../../../src/lib/docker/container-name.ts'
import { shortId } from '../../../src/lib/docker/container.ts'
import { parseDockerHost } from '../../../src/lib/docker/endpoint.ts'
import { OvsdError } from '../../../src/lib/errors.ts'
import { accepts, refuses } from '../../support/bad-input.ts'
import { capturedBytes } from '../../support/captured.ts'
import { dockerReplay, recorded, whole, type Answer } from '../../support/docker-replay.ts'

/** What the recordings were made of. */
interface Inspected {
  readonly Id: string
  readonly Image: string
  readonly State: { readonly Pid: number; readonly StartedAt: string }
}
const inspected = (name: string) =>
  JSON.parse(capturedBytes(`docker/${name}.http`).toString().split('\r\n\r\n')[1] ?? '') as Inspected

async function ask<T>(
  answers: Readonly<Record<string, Answer>>,
  question: (docker: DockerClient) => Promise<T>,
): Promise<T> {
  await using server = await dockerReplay(answers)
  return await question(new DockerClient(parseDockerHost(`unix://${server.path}`)))
}

const inspect = (name: string, answer: Answer) =>
  ask({ [`/containers/${name}/json`]: answer }, (docker) => docker.inspect(name))

async function fails(asking: Promise<unknown>, code: string, status: number, words: RegExp): Promise<void> {
  await assert.rejects(asking, (error) => {
    assert.ok(error instanceof OvsdError, String(error))
    assert.equal(error.code, code)
    assert.equal(error.status, status)
    assert.match(error.message, words)
    return true
  })
}

describe('DockerClient.inspect', () => {
  it('tells id, name, process, life, network, labels and image of a running container', async () => {
    const { Id, State, Image } = inspected('inspect-running')
    assert.deepEqual(await inspect('web', recorded('inspect-running')), {
      id: Id,
      name: 'web',
      pid: State.Pid,
      running: true,
      generation: State.StartedAt,
      networkMode: 'none',
      labels: {},
      image: Image,
    })
    assert.match(Id, /^[0-9a-f]{64}$/)
    assert.ok(State.Pid > 0)
  })

  it('tells the same by the beginning of the id', async () => {
    const short = shortId(inspected('inspect-running').Id)
    assert.equal((await inspect(short, recorded('inspect-by-id'))).name, 'web')
  })

  const modes = { 'inspect-host': /^host$/, 'inspect-sharer': /^container:[0-9a-f]{64}$/, 'inspect-created': /^none$/ }
  for (const [recording, mode] of Object.entries(modes))
    it(`tells the network mode of ${recording}`, async () => {
      assert.match((await inspect('x', recorded(recording))).networkMode, mode)
    })

  it('gives no process for a container that does not run', async () => {
    const { pid, running } = await inspect('stopped', recorded('inspect-created'))
    assert.deepEqual([pid, running], [0, false])
  })

  it('believes Running and not an old PID', async () => {
    const { Pid } = inspected('inspect-running').State
    const stale = capturedBytes('docker/inspect-running.http').toString().replace('"Running":true', '"Running":false')
    assert.ok(stale.includes(`"Pid":${Pid}`))
    assert.equal((await inspect('web', whole(stale))).pid, 0)
  })

  const labels: readonly (readonly [string, unknown, object])[] = [
    ['labels', { 'ovs.vlan': '7', empty: '' }, { 'ovs.vlan': '7', empty: '' }],
    ['no labels, in the words of some engines', null, {}],
    ['labels that are no text', { a: 1, b: null, c: ['x'], d: 'x' }, { d: 'x' }],
    [
      'labels with the names of other things',
      JSON.parse('{"__proto__":"x"}'),
      JSON.parse('{"__proto__":"x"}') as object,
    ],
    ['a text in place of labels', 'ab', {}],
  ]
  for (const [what, given, expected] of labels)
    it(`tells ${what}`, async () => {
      const text = JSON.stringify({ Id: 'x', Name: 'web', State: { Pid: 7, Running: true }, Config: { Labels: given } })
      const found = await inspect('web', whole(`HTTP/1.0 200 OK\r\n\r\n${text}`))
      assert.deepEqual(found.labels, expected)
      assert.deepEqual([found.name, found.image, found.networkMode], ['web', '', ''])
    })

  it('reports a container that does not exist in the words of ovs-docker', async () => {
    await fails(
      inspect('nobody', recorded('inspect-missing')),
      'ContainerMissing',
      1,
      /^Failed to get the PID of the container: there is no container nobody\.$/,
    )
  })

  it('reports the beginning of two ids', async () => {
    await fails(inspect('3', recorded('inspect-ambiguous')), 'AmbiguousContainer', 1, /several container ids/)
    // Of other Docker versions, and of podman 4.3.1.
    for (const said of [
      'multiple IDs found with provided prefix: 3',
      'more than one result for container ID 3: container already exists',
    ]) {
      const other = `HTTP/1.0 404 Not Found\r\n\r\n${JSON.stringify({ message: said })}`
      await fails(inspect('3', whole(other)), 'AmbiguousContainer', 1, /several container ids/)
    }
  })

  const refusals: readonly (readonly [string, RegExp])[] = [
    ['HTTP/1.0 500 Oops\r\n\r\n{"message":"disk full"}', /disk full \(HTTP 500\)/],
    ['HTTP/1.0 500 Oops\r\n\r\n{"message":5}', /\{"message":5\} \(HTTP 500\)/],
    ['HTTP/1.0 400 Bad\r\n\r\nnot JSON', /not JSON \(HTTP 400\)/],
    ['HTTP/1.0 301 Moved\r\n\r\n', /\(HTTP 301\)/],
    [`HTTP/1.0 500 Oops\r\n\r\n${'x'.repeat(1_000_000)}`, /^.{1,400}$/],
  ]
  for (const [answer, words] of refusals)
    it(`passes on a refusal: ${answer.slice(0, 60).replaceAll('\r\n', ' ')}`, async () => {
      await fails(inspect('web', whole(answer)), 'DockerRefused', 1, words)
    })
})

describe('an answer of 200 that is no container', () => {
  const others = ['', '{"Id":"ab', 'ok', '<html></html>', 'null', '[null]', '[{}]']
  for (const body of others)
    it(JSON.stringify(body), async () => {
      const answer = whole(`HTTP/1.0 200 OK\r\n\r\n${body}`)
      await fails(inspect('web', answer), 'DockerRefused', 1, /does not speak its language/)
      const listing = ask({ '/containers/json?all=1': answer }, (docker) => docker.list())
      await fails(listing, 'DockerRefused', 1, /does not speak its language/)
    })
})

describe('DockerClient.find', () => {
  it('gives nothing for a container that is removed while podman describes it', async () => {
    const said = `container ${'9'.repeat(64)} does not exist in database: no such container`
    const answer = whole(`HTTP/1.0 500 Internal Server Error\r\n\r\n${JSON.stringify({ message: said })}`)
    assert.equal(await ask({ '/containers/gone/json': answer }, (docker) => docker.find('gone')), undefined)
  })

  it('gives nothing where inspect reports a missing container', async () => {
    const found = await ask({ '/containers/nobody/json': recorded('inspect-missing') }, (docker) =>
      docker.find('nobody'),
    )
    assert.equal(found, undefined)
  })

  it('puts no name into a path as it is', async () => {
    await using server = await dockerReplay({})
    await new DockerClient(parseDockerHost(`unix://${server.path}`)).find('../x?a=1 b\r\n')
    assert.deepEqual(server.asked, ['GET /containers/..%2Fx%3Fa%3D1%20b%0D%0A/json HTTP/1.0'])
  })
})

describe('DockerClient.list', () => {
  const list = (answer: Answer) => ask({ '/containers/json?all=1': answer }, (docker) => docker.list())

  it('tells id, name and state of every container', async () => {
    const all = new Map((await list(recorded('list'))).map((one) => [one.name, one]))
    assert.deepEqual([...all.keys()].sort(), ['onhost', 'sharer', 'stopped', 'web'])
    assert.equal(all.get('web')?.id, inspected('inspect-running').Id)
    assert.deepEqual(
      ['onhost', 'sharer', 'stopped', 'web'].map((name) => all.get(name)?.running),
      [true, true, false, true],
    )
  })

  it('takes a paused and a restarting container for living ones, and the own name before that of a link', async () => {
    const rows = ['paused', 'restarting', 'stopping', 'exited', 'dead', 'created', 'removing'].map((State, i) => ({
      Id: String(i),
      Names: ['/other/alias', `/${State}`],
      State,
    }))
    const found = await list(whole(`HTTP/1.0 200 OK\r\n\r\n${JSON.stringify(rows)}`))
    assert.deepEqual(
      found.map(({ name, running }) => `${name} ${running}`),
      [
        'paused true',
        'restarting true',
        'stopping true',
        'exited false',
        'dead false',
        'created false',
        'removing false',
      ],
    )
  })

  it('tells labels, image and time of creation', async () => {
    const row = {
      Id: 'x',
      Names: ['/a'],
      State: 'running',
      Labels: { a: 'b' },
      ImageID: 'sha256:12',
      Created: 1795259787,
    }
    const bare = { Id: 'y', Names: ['b'], State: 'exited', Labels: null }
    assert.deepEqual(await list(whole(`HTTP/1.0 200 OK\r\n\r\n${JSON.stringify([row, bare])}`)), [
      { id: 'x', name: 'a', running: true, labels: { a: 'b' }, image: 'sha256:12', created: 1795259787 },
      { id: 'y', name: 'b', running: false, labels: {}, image: '', created: 0 },
    ])
    const web = (await list(recorded('list'))).find(({ name }) => name === 'web')
    assert.equal(web?.image, inspected('inspect-running').Image)
    assert.ok(web.created > 1_600_000_000)
  })

  it('passes on a refusal', async () => {
    await fails(list(recorded('no-such-path')), 'DockerRefused', 1, /page not found \(HTTP 404\)/)
  })
})

describe('DockerClient.imageLabels', () => {
  const labelsOf = (answer: Answer) =>
    ask({ '/images/sha256%3A12/json': answer }, (docker) => docker.imageLabels('sha256:12'))
  const bodies: readonly (readonly [string, object])[] = [
    ['{"Config":{"Labels":{"a":"b"}}}', { a: 'b' }],
    ['{"Config":{"Labels":null}}', {}],
    ['{"Config":null}', {}],
    ['{}', {}],
  ]
  for (const [body, labels] of bodies)
    it(`reads ${body}`, async () => {
      assert.deepEqual(await labelsOf(whole(`HTTP/1.0 200 OK\r\n\r\n${body}`)), labels)
    })

  it('passes on that there is no such image', async () => {
    const answer = whole('HTTP/1.0 404 Not Found\r\n\r\n{"message":"No such image: sha256:12"}')
    await fails(labelsOf(answer), 'DockerRefused', 1, /describe the image sha256:12: No such image/)
  })
})

describe('parseContainer', () => {
  refuses(parseContainer, 'CONTAINER', [
    '',
    '-f',
    '../x',
    '.web',
    '_web',
    'a b',
    'web\n',
    'wéb',
    'a/b',
    'x'.repeat(256),
  ])
  accepts(parseContainer, { web: 'web', 'a.b_c-d': 'a.b_c-d', '3': '3', C474A0E2830E: 'C474A0E2830E' })
})

describe('shortId', () => {
  it('shortens an id and nothing else', () => {
    const id = 'ab'.repeat(32)
    assert.equal(shortId(id), 'abababababab')
    for (const name of ['web', id.slice(1), id.toUpperCase()]) assert.equal(shortId(name), name)
  })
})
