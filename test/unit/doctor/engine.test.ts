import { strict as assert } from 'node:assert'
import { engine } from '../../../src/lib/doctor/docker/engine.ts'
import { Patient } from '../../../src/lib/doctor/patient.ts'
import { openHost } from '../../../src/lib/host.ts'
import { dockerReplay, whole } from '../../support/docker-replay.ts'
import { own } from '../../support/zoo.ts'

/** No engine as old as this can be had any more: what decides in its answers, as Docker's own history of the API has them. */
async function examined(version: string, api: string): Promise<Awaited<ReturnType<typeof engine.run>>> {
  const json = (value: unknown) => whole(`HTTP/1.0 200 OK\r\n\r\n${JSON.stringify(value)}`)
  const answers = { Version: version, ApiVersion: api, Components: [{ Name: 'Engine' }] }
  await using server = await dockerReplay({ '/version': json(answers), '/info': json({}) })
  using host = openHost({ db: 'unix:/nowhere', docker: `unix://${server.path}` })
  return await engine.run(new Patient(host, own))
}

describe('docker.engine', () => {
  it('says of an engine that its API is too old', async () => {
    const [found] = await examined('1.11.2', '1.23')
    assert.equal(found?.level, 'fail')
    assert.match(found.said, /docker 1\.11\.2, API 1\.23\) is too old: ovsd asks for what is there since API 1\.24/)
  })

  for (const [version, api] of [
    ['1.12.0', '1.24'],
    ['29.0.0', '1.52'],
    ['99', '2.0'],
  ] as const)
    it(`takes API ${api}`, async () => {
      assert.deepEqual(await examined(version, api), [{ level: 'ok', said: `docker ${version}, API ${api}` }])
    })
})
