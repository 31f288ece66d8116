// docker(1) as people use it, and what it says.
import { strict as assert } from 'node:assert'
import { execa } from 'execa'
import { tool } from './tool.ts'

/** Has a shell do what a README says; throws when it fails. */
export const sh = (line: string): string => tool('sh', '-ec', line).trim()

/** What is said when a line of a README fails. */
export const refusedLine = (line: string): Promise<string> => refusal('sh', ['-ec', line])

/** What docker(1) says when it refuses. */
export const refused = (...args: string[]): Promise<string> => refusal('docker', args)

async function refusal(program: string, args: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await execa(program, args, { reject: false })
  assert.notEqual(exitCode, 0, `${program} ${args.join(' ')} succeeded`)
  return stderr
}

/** The IPv4 address of a container that is in one network, as Docker knows it. */
export const addressOf = (name: string): string =>
  tool('docker', 'inspect', '--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name).trim()
