// The fault zoo: a host that works is broken in one way, and doctor has to name that cause and no other.
import { strict as assert } from 'node:assert'
import { rmSync } from 'node:fs'
import { CHECKS } from '../../src/lib/doctor/checks.ts'
import { Patient } from '../../src/lib/doctor/patient.ts'
import { mendAll } from '../../src/lib/doctor/mend.ts'
import { doctorResult, type DoctorResult } from '../../src/lib/doctor/report.ts'
import { runChecks, type CheckReport } from '../../src/lib/doctor/run-checks.ts'
import { openHost } from '../../src/lib/host.ts'
import { perform } from '../../src/lib/run/session.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { Store } from '../../src/lib/state/store.ts'
import { stateSettings } from '../../src/lib/state/settings.ts'

/** One way to break a host. */
export type Fault<World> = Break<World> & (Mended<World> | { readonly mends?: never })

interface Break<World> {
  readonly name: string
  /** The only check that may find something. */
  readonly check: string
  /** What it has to say, in part. */
  readonly says: RegExp
  breaks(world: World): unknown
  /** Puts back what goes with the world otherwise not: daemons, settings of the host. */
  restores?(world: World): unknown
}

/** One that --fix may mend, and does. */
interface Mended<World> {
  readonly mends: true
  /** Whether what is sent arrives: it does in a host that is whole, not while it is broken, and again when it is mended. */
  works(world: World): boolean | Promise<boolean>
  /** It arrives in spite of the fault, or is made to arrive by the probe: only whether it does once all is mended says something. */
  readonly cuts?: false
}

/** Where ovsd's own things are during the tests: nothing is there but what a test writes. */
export const own = {
  store: new Store(stateSettings('/var/lib/ovsd', {}), () => undefined),
  policyFile: () => Promise.resolve(undefined),
  socket: '/run/docker/plugins/ovsd.sock',
}

async function examine(): Promise<readonly CheckReport[]> {
  using host = openHost()
  return await runChecks(new Patient(host, own), CHECKS)
}

/** What doctor says of the host now. */
export const doctor = async (): Promise<DoctorResult> => doctorResult(await examine(), [])

/** Does what --fix does. */
async function mend(first: readonly CheckReport[]): Promise<readonly CheckReport[]> {
  using host = openHost()
  const session = { host, signal: AbortSignal.timeout(30_000), observer: nobody, dryRun: false }
  const { reports } = await mendAll(first, {
    examine,
    allows: () => Promise.resolve(true),
    apply: async ({ safe }) => {
      if (safe !== undefined) await perform(session, () => safe(host))
      return true
    },
  })
  return reports
}

/** What was found wrong: the check, and what it says. */
export const found = (reports: readonly CheckReport[]): readonly Found[] =>
  doctorResult(reports, []).checks.flatMap(({ id, findings }) =>
    findings
      .filter(({ fix }) => fix !== null)
      .map(({ message, evidence }) => ({ ...{ check: id, said: message }, evidence })),
  )

interface Found {
  readonly check: string
  readonly said: string
  readonly evidence: readonly string[]
}

/** A command, and in brief what it prints; or the code of the error that there was in its place. */
const EVIDENCE = /^([a-z][\w-]*( .*)?: \S.*|error [A-Z]\w+)$/

const isMended = <World>(fault: Fault<World>): fault is Break<World> & Mended<World> => fault.mends === true

/** The first packet may fall into the time after an earlier, failed ARP request. */
async function passes<World>(fault: Mended<World>, world: World): Promise<boolean> {
  for (let tries = 0; tries < 4; tries++) if (await fault.works(world)) return true
  return false
}

/**
 * A test for each fault, on a world of its own, and one of the world while it is whole. At the end the matrix is printed: fault, the
 * check that should find it, and those that did.
 */
export function zoo<World extends AsyncDisposable>(make: () => Promise<World>, faults: readonly Fault<World>[]): void {
  const matrix: (readonly [string, string, readonly string[]])[] = []

  before(() => {
    // Copies of networks that other tests left would be drift.
    rmSync(own.store.settings.folder, { recursive: true, force: true })
  })

  it('a host that is whole: no false alarm', async () => {
    await using world = await make()
    for (const fault of faults) if (isMended(fault)) assert.ok(await passes(fault, world), fault.name)
    const reports = found(await examine())
    matrix.push(['(whole)', '', reports.map(({ check }) => check)])
    assert.deepEqual(reports, [])
  })

  for (const fault of faults)
    it(`${fault.name}: ${fault.check}${fault.mends === undefined ? '' : ', mended'}`, async () => {
      await using world = await make()
      try {
        await fault.breaks(world)
        const reports = await examine()
        const findings = found(reports)
        matrix.push([fault.name, fault.check, [...new Set(findings.map(({ check }) => check))]])
        assert.deepEqual([...new Set(findings.map(({ check }) => check))], [fault.check], JSON.stringify(findings))
        assert.match(findings.map(({ said }) => said).join('\n'), fault.says)
        for (const line of findings.flatMap(({ evidence }) => evidence)) assert.match(line, EVIDENCE)
        if (!isMended(fault)) return
        if (fault.cuts !== false) assert.ok(!(await fault.works(world)), 'what is sent arrives, though it is broken')
        assert.deepEqual(found(await mend(reports)), [])
        assert.ok(await passes(fault, world), 'nothing arrives, though it is mended')
      } finally {
        await fault.restores?.(world)
      }
    })

  after(() => {
    const width = Math.max(...matrix.map(([name]) => name.length))
    const rows = matrix.map(
      ([name, wanted, got]) =>
        `    ${got.join() === wanted ? 'ok  ' : 'MISS'} ${name.padEnd(width)}  ${wanted.padEnd(20)} ${got.join(' ') || '-'}`,
    )
    const hits = matrix.filter(([, wanted, got]) => got.join() === wanted).length
    console.log(`\n    Confusion matrix: fault, its check, checks that found something\n${rows.join('\n')}`)
    console.log(`    ${hits} of ${matrix.length} as they should be\n`)
  })
}
