import type { Netns } from './netns.ts'

/** One run of an outside tool: array arguments only, never a shell line. */
export interface Command {
  readonly tool: Tool
  readonly args: readonly string[]
  /** Text for its standard input. */
  readonly input?: string
  /** Run inside this network namespace. */
  readonly inside?: Netns
  /** A namespace whose path the arguments or the input name, without the tool itself running inside it. */
  readonly mentions?: Netns
  /** Limit in milliseconds; 10 s unless said. */
  readonly timeoutMs?: number
  /** Exit statuses that are an answer, not a failure (arping's 1 is "somebody has it"). */
  readonly okStatuses?: readonly number[]
  /** Is told each line that it prints, as it prints it: for what takes minutes. */
  readonly heard?: (line: string) => void
  /** How it may share a process with others that wait at the same moment (joint/joint-runner.ts). */
  readonly joint?: Joint
}

/**
 * What a command may be put together with: other `ovs-vsctl` calls, in one transaction; other `ip -batch -`, one input
 * after the other; anything `inside` a namespace that prints nothing and may harmlessly be repeated; each `removal` of links.
 */
export type Joint = 'transaction' | 'batch' | 'inside' | 'removal'

/** The tools that ovsd may start, and the Debian package of each. */
export const TOOLS = {
  'ovs-vsctl': 'openvswitch-switch',
  'ovs-appctl': 'openvswitch-common',
  'ovs-ofctl': 'openvswitch-common',
  'ovn-appctl': 'ovn-common',
  'ovn-nbctl': 'ovn-common',
  'ovn-sbctl': 'ovn-common',
  'ovn-trace': 'ovn-common',
  'ovn-northd': 'ovn-central',
  'ovn-controller': 'ovn-host',
  // No command of PATH, but what starts the daemons wherever there is no systemd (ovn-ctl(8)).
  '/usr/share/ovn/scripts/ovn-ctl': 'ovn-common',
  'ovsdb-client': 'openvswitch-common',
  'ovsdb-tool': 'openvswitch-common',
  systemctl: 'systemd',
  docker: 'docker.io',
  ip: 'iproute2',
  nsenter: 'util-linux',
  setsid: 'util-linux',
  sysctl: 'procps',
  ethtool: 'ethtool',
  arping: 'iputils-arping',
  ping: 'iputils-ping',
  bash: 'bash',
  perl: 'perl-base',
  xargs: 'findutils',
  busybox: 'busybox',
  rm: 'coreutils',
  nft: 'nftables',
  iptables: 'iptables',
  ip6tables: 'iptables',
  'iptables-save': 'iptables',
  'ip6tables-save': 'iptables',
  'iptables-restore': 'iptables',
  'ip6tables-restore': 'iptables',
} as const

export type Tool = keyof typeof TOOLS

/** Those that are looked for in PATH. */
export const TOOLS_ON_PATH = Object.keys(TOOLS).filter((tool) => !tool.startsWith('/'))

/** The tool names that a command needs on PATH, nsenter included. */
export function toolsOf(command: Command): readonly Tool[] {
  return command.inside === undefined ? [command.tool] : ['nsenter', command.tool]
}

/** Whether neither a shell nor xargs makes anything of this argument. */
export const isPlain = (argument: string): boolean => /^[A-Za-z0-9_@%+=:,./-]+$/.test(argument)

/** One argument as a POSIX shell needs it: names of links, too, may have anything in them but / and blanks, and containers choose them. */
export function quote(argument: string): string {
  return isPlain(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * The command as a person could paste it into a shell (what --dry-run and --verbose print). Namespaces appear as
 * their /proc path; ovsd itself passes a descriptor instead, so that a reused PID cannot lead elsewhere.
 */
export function shellLine(command: Command): string {
  const into = command.inside === undefined ? [] : ['nsenter', `--net=${command.inside.path}`]
  const line = [...into, command.tool, ...command.args].map((argument) => quote(argument)).join(' ')
  return command.input === undefined ? line : `${line} <<'EOF'\n${command.input.trimEnd()}\nEOF`
}
