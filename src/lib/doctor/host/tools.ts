import { CommandFailed, ToolMissing } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { TOOLS, type Tool } from '../../system/command.ts'
import { orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'

/** What every host needs; whoever uses OVN, DHCP or nat networks is told by those commands. */
const NEEDED = [
  ['ovs-vsctl', ['--version'], /Open vSwitch\) (\S+)/],
  ['ip', ['-Version'], /iproute2-([^\s,]+)/],
  ['nsenter', ['--version'], /util-linux (\S+)/],
  ['ethtool', ['--version'], /version (\S+)/],
] as const satisfies readonly (readonly [Tool, readonly string[], RegExp])[]

/** Versions that are known not to work, and why. */
interface KnownBad {
  readonly tool: Tool
  isBad(version: string): boolean
  readonly why: string
}

const isBelow = (version: string, least: readonly number[]): boolean => {
  const parts = version.split('.').map(Number)
  for (const [i, number] of least.entries()) if ((parts[i] ?? 0) !== number) return (parts[i] ?? 0) < number
  return false
}

const KNOWN_BAD: readonly KnownBad[] = [
  {
    tool: 'ovs-vsctl',
    isBad: (version) => isBelow(version, [2, 10]),
    why: 'it is older than 2.10, which brought the columns that ovsd reads',
  },
  {
    tool: 'ip',
    isBad: (version) => /^\d/.test(version) && isBelow(version, [4, 17]),
    why: 'it prints no JSON for addresses and routes (since 4.17)',
  },
]

export const tools: Check = {
  id: 'host.tools',
  title: 'the tools are installed, in versions that work',
  about:
    'ovsd runs ovs-vsctl, ip, nsenter and ethtool. What is missing is named with its Debian package; a version that is known not to work is named with the reason.',
  needs: [],
  run: async ({ host }) => {
    const found =
      (await inOneShell(host)) ??
      (await Promise.all(NEEDED.map(([tool, args, form]) => versionOf(host, tool, args, form))))
    const troubles = found.flatMap(({ tool, version }): Trouble[] => {
      if (version === undefined)
        return [
          {
            ...{ level: 'fail', subject: tool, said: `The program ${tool} is not installed.` },
            evidence: [`which ${tool}: nothing on PATH`],
            fix: typed(`apt-get install ${TOOLS[tool]}`),
          },
        ]
      const bad = KNOWN_BAD.find((one) => one.tool === tool && one.isBad(version))
      return bad === undefined
        ? []
        : [
            {
              ...{ level: 'fail', subject: tool, said: `${tool} ${version} does not work with ovsd: ${bad.why}.` },
              evidence: [`${tool} --version: ${version}`],
              fix: typed(`apt-get install ${TOOLS[tool]}`),
            },
          ]
    })
    return orOk(troubles, found.map(({ tool, version }) => `${tool} ${version ?? ''}`).join(', '))
  },
}

interface Found {
  readonly tool: Tool
  /** "?" for one that cannot be read; undefined when the tool is missing. */
  readonly version: string | undefined
}

/** What stands before each answer, and between it and the exit status: characters that no tool prints (ASCII's separators). */
const [BEFORE, BETWEEN] = ['\u001e', '\u001f']
/** sh(1): there is no such command. */
const NOT_FOUND = '127'

/** One shell starts them all: starting a process costs this one, which is big, more than all of them do. Undefined without a shell. */
async function inOneShell({ run }: Host): Promise<readonly Found[] | undefined> {
  const lines = NEEDED.map(([tool, args]) => `ask ${tool} ${args.join(' ')}`)
  const script = [
    `ask() { printf '\\036'; command -v "$1" >/dev/null || { printf '\\037127'; return; }; "$@" 2>&1; printf '\\0370'; }`,
    ...lines,
  ].join('\n')
  try {
    const { stdout } = await run({ tool: 'bash', args: ['-c', script] })
    const answers = stdout.split(BEFORE).slice(1)
    if (answers.length !== NEEDED.length) return undefined
    return NEEDED.map(([tool, , form], i) => {
      const [said = '', status] = answers[i]?.split(BETWEEN) ?? []
      return { tool, version: status === NOT_FOUND ? undefined : (form.exec(said)?.[1] ?? '?') }
    })
  } catch (error) {
    if (error instanceof ToolMissing || error instanceof CommandFailed) return undefined
    throw error
  }
}

async function versionOf(host: Host, tool: Tool, args: readonly string[], form: RegExp): Promise<Found> {
  try {
    const { stdout, stderr } = await host.run({ tool, args })
    return { tool, version: form.exec(`${stdout}${stderr}`)?.[1] ?? '?' }
  } catch (error) {
    if (error instanceof ToolMissing) return { tool, version: undefined }
    if (error instanceof CommandFailed) return { tool, version: '?' }
    throw error
  }
}
