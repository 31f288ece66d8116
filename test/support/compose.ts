// Projects of compose: version 2 as a command of docker(1) where the machine has it, else the docker-compose of old.
import { execaSync } from 'execa'
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { temporaryFolder } from './socket-server.ts'
import { tool } from './tool.ts'

const WORDS = (): readonly string[] =>
  execaSync('docker', ['compose', 'version'], { reject: false }).exitCode === 0
    ? ['docker', 'compose']
    : ['docker-compose']

export interface Composed {
  readonly status: number
  /** Both of its outputs: what is said where is another thing with each version. */
  readonly said: string
}

/** A project, with everything that it made taken down at the end of a `using` block. */
export interface Project extends Disposable {
  /** Runs compose in the project; throws with its words when it fails. Gives its standard output. */
  compose(...args: readonly string[]): string
  /** Runs it, whatever its status. */
  tries(...args: readonly string[]): Composed
  /** Ids of the containers of a service that there are now, running or not. */
  idsOf(service: string): readonly string[]
}

/** A project with this compose file. */
export function project(file: string): Project {
  const folder = temporaryFolder()
  writeFileSync(`${folder.path}/docker-compose.yml`, file)
  const [command = '', ...before] = WORDS()
  // The name of the folder would do, but for characters that each version takes out in its own way.
  const name = basename(folder.path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
  const run = (args: readonly string[]) =>
    execaSync(command, [...before, ...args], {
      ...{ cwd: folder.path, reject: false, timeout: 120_000, stdin: 'ignore' },
      env: { COMPOSE_PROJECT_NAME: name },
    })
  const compose = (...args: readonly string[]): string => {
    const { exitCode, stdout, stderr } = run(args)
    if (exitCode !== 0)
      throw new Error(`${[command, ...before, ...args].join(' ')}: status ${String(exitCode)}: ${stderr}${stdout}`)
    return stdout
  }
  return {
    compose,
    tries(...args) {
      const { exitCode = 1, stdout, stderr } = run(args)
      return { status: exitCode, said: `${stderr}\n${stdout}` }
    },
    // By the labels that compose itself goes by; asking compose takes a second each time.
    idsOf: (service) =>
      tool(
        ...(['docker', 'ps', '--all', '--quiet', '--no-trunc'] as const),
        `--filter=label=com.docker.compose.project=${name}`,
        `--filter=label=com.docker.compose.service=${service}`,
      )
        .split('\n')
        .filter(Boolean),
    [Symbol.dispose]() {
      run(['down', '--timeout=0', '--remove-orphans'])
      folder[Symbol.dispose]()
    },
  }
}
