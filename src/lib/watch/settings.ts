import { parseDockerHost } from '../docker/endpoint.ts'
import { parseBridge, parseInterface } from '../net/ifname.ts'
import { parseMtu } from '../net/mtu.ts'
import { parseEndpoint } from '../ovsdb/endpoint.ts'
import type { ListenAddress } from './listen-address.ts'
import type { Level } from './log.ts'
import { parseLogFormat, parseLogLevel, parsePolicyPath, parseResync } from './settings-values.ts'
import { readSettingsFile } from './settings-file.ts'
import { serverOf } from './settings-servers.ts'
import { Sources, type Given } from './settings-sources.ts'

/** What `ovsd watch` works with, checked. What is undefined is left to the program's own default. */
export interface Settings {
  /** Bridge of interfaces whose labels name none. */
  readonly bridge: string
  /** Interface that plain labels are about. */
  readonly iface: string
  readonly mtu: number | undefined
  /** Docker engine, as --docker takes it. */
  readonly docker: string | undefined
  /** Open vSwitch database, as --db takes it. */
  readonly db: string | undefined
  /** Path of the policy file; `none` for no policy. */
  readonly policy: string | undefined
  readonly logLevel: Level
  /** Undefined: text on a terminal, JSON otherwise. */
  readonly logFormat: 'text' | 'json' | undefined
  /** Where metrics are served. Undefined: nowhere. */
  readonly metrics: ListenAddress | undefined
  /** Where health is served. Undefined: nowhere. */
  readonly health: ListenAddress | undefined
  /** The host's interface for external addresses. */
  readonly externalInterface: string | undefined
  readonly resyncSeconds: number
}

export interface LoadedSettings {
  readonly settings: Settings
  /** The file that was read. */
  readonly file: string | undefined
  /** One sentence for each thing that was accepted and has no effect here, or another one than elsewhere. */
  readonly notices: readonly string[]
}

export interface SettingsInput {
  /** Values of options, by the names of the options: `bridge`, `log-level` … and `config`. */
  readonly flags: Given
  readonly env: Given
  /** Whether metrics and health may be served to other hosts. */
  readonly allowRemote?: boolean
  /** Where the file may be when neither option nor variable names one. */
  readonly places?: readonly string[]
  /** The level of the log where none of these says it. Error: BadInput. */
  readonly lastLevel?: () => Level
}

/**
 * The settings, each from the first of: option, `OVSD_*`, the variable of ovs-port-manager, the file, the default.
 * Errors: BadInput (which names option, variable, or file and line), SettingsInvalid, SettingsUnreadable, SettingsUnsafe.
 */
export async function loadSettings({
  flags,
  env,
  places,
  allowRemote = false,
  lastLevel = () => 'info',
}: SettingsInput): Promise<LoadedSettings> {
  const named = flags['config'] ?? (env['OVSD_CONFIG'] === '' ? undefined : env['OVSD_CONFIG'])
  const { path, values, notices } = await readSettingsFile(named, places)
  const from = new Sources(flags, env, values)
  const settings: Settings = {
    bridge: from.take('bridge', parseBridge) ?? 'ovsbr0',
    iface: from.take('interface', parseInterface) ?? 'eth1',
    mtu: from.take('mtu', (text, field) => parseMtu(text, false, field)),
    docker: from.take('docker', (text, field) => parseDockerHost(asUrl(text, 'unix://'), field).text),
    db: from.take('db', (text, field) => parseEndpoint(asUrl(text, 'unix:'), field).text),
    policy: from.take('policy', parsePolicyPath),
    logLevel: from.take('log-level', parseLogLevel) ?? lastLevel(),
    logFormat: from.take('log-format', parseLogFormat),
    metrics: serverOf(from, 'metrics', allowRemote),
    health: serverOf(from, 'health', allowRemote),
    externalInterface: from.take('external-interface', parseInterface),
    resyncSeconds: from.take('resync', parseResync) ?? 60,
  }
  return { settings, file: path, notices: [...notices, ...from.notices] }
}

/**
 * The setting `policy` alone, from the same places: for a daemon that has its other settings elsewhere. Errors: those of loadSettings about it
 * and about the file.
 */
export async function policySetting({ flags, env, places }: SettingsInput): Promise<string | undefined> {
  const { values } = await readSettingsFile(env['OVSD_CONFIG'] === '' ? undefined : env['OVSD_CONFIG'], places)
  return new Sources(flags, env, values).take('policy', parsePolicyPath)
}

/** ovs-port-manager names sockets by their paths. */
const asUrl = (text: string, scheme: string): string => (text.startsWith('/') ? `${scheme}${text}` : text)
