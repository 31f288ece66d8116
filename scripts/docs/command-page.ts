// The manual page of one command, from what oclif knows of it: nothing is said twice that the code says already.
import type { Command } from '../../src/oclif.ts'
import { bold, escapeText, example, italic, literal, prose, section, sentences, tagged } from './roff.ts'

/** "And so on", which is not the end of a sentence. */
const DOTS = String.raw`...\&`

type Flag = Command.Cached['flags'][string]
type Argument = Command.Cached['args'][string]

/** What only the page of one command has. */
export interface PageParts {
  /** Lines of EXIT STATUS, after what holds for every command. */
  readonly exitStatus?: readonly string[]
  /** Whole sections, between EXIT STATUS and EXAMPLES. */
  readonly sections?: readonly string[]
}

/** The name of a command's page: ovsd-add-port, ovsd-policy-check. */
export const pageName = ({ id }: Pick<Command.Cached, 'id'>): string => `ovsd-${id.replaceAll(':', '-')}`

/** The source of ovsd-COMMAND.8. `date` is that of ovsd.8. */
export function commandPage(command: Command.Cached, date: string, parts: PageParts = {}): string {
  const { summary = '', description } = command
  const name = pageName(command)
  const flags = Object.values(command.flags).filter(({ hidden }) => hidden !== true)
  const isGlobal = ({ helpGroup }: Flag): boolean => helpGroup === 'GLOBAL'
  const own = flags.filter((flag) => !isGlobal(flag))
  const global = flags.filter(isGlobal).sort((a, b) => a.name.localeCompare(b.name))
  const lines = [
    String.raw`.\" Made by scripts/docs.ts from src/commands/. Change that, then: npm run docs`,
    `.TH ${literal(name.toUpperCase())} 8 ${date} ovsd "System administration"`,
    ...section('NAME', [String.raw`${literal(name)} \- ${escapeText(lowerFirst(summary))}`]),
    ...section('SYNOPSIS', synopsis(command, own, global.length > 0)),
    ...section('DESCRIPTION', [...prose(description ?? summary), ...Object.values(command.args).flatMap(operand)]),
    ...section('OPTIONS', own.flatMap(option)),
    ...section('GLOBAL OPTIONS', global.flatMap(option)),
    ...section('EXIT STATUS', ['As for every command; see', '.BR ovsd (8).', ...(parts.exitStatus ?? [])]),
    ...(parts.sections ?? []),
    ...section('EXAMPLES', examples(command)),
    ...section('SEE ALSO', seeAlso(description ?? '')),
  ]
  return `${lines.join('\n')}\n`
}

/** What every page names, and the pages that the description speaks of. */
function seeAlso(description: string): readonly string[] {
  const named = [...description.matchAll(/\b(ovsd-[a-z-]+)\((\d)\)/g)].map(([, page = '', number = '']) => [
    page,
    number,
  ])
  const others = [['ovsd-errors', '7'], ...named].sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
  const all = [['ovsd', '8'], ...others, ['ovs-vsctl', '8']]
  return all.map(([page = '', number = ''], i) => `.BR ${literal(page)} (${number})${i < all.length - 1 ? ',' : ''}`)
}

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`

function synopsis({ id, args }: Command.Cached, own: readonly Flag[], withGlobal: boolean): readonly string[] {
  const operands = Object.values(args).map(({ name, required }) => {
    const operandName = italic(name.toUpperCase())
    return required === true ? operandName : `[${operandName}]`
  })
  const options = own.map((flag) => `[${longForm(flag)}]${isRepeatable(flag) ? DOTS : ''}`)
  const last = withGlobal ? [`[${italic('GLOBAL-OPTION')}]${DOTS}`] : []
  return [`.SY "ovsd ${literal(id.replaceAll(':', ' '))}"`, ...operands, ...options, ...last, '.YS']
}

function operand({ name, description = '', options }: Argument): readonly string[] {
  return tagged(italic(name.toUpperCase()), [...prose(description), ...oneOf(options)])
}

function option(flag: Flag): readonly string[] {
  const { char, description = '', env } = flag
  const short = char === undefined ? '' : `${bold(`-${char}`)}, `
  return tagged(`${short}${longForm(flag)}`, [
    ...sentences(description),
    ...(flag.type === 'option' ? [...defaultOf(flag), ...oneOf(flag.options)] : []),
    ...(env === undefined ? [] : [`When it is not given, ${bold(env)} of the environment counts.`]),
  ])
}

const isRepeatable = (flag: Flag): boolean => flag.type === 'option' && flag.multiple === true

function longForm(flag: Flag): string {
  return flag.type === 'option' ? bold(`--${flag.name}=`) + italic(valueName(flag)) : bold(`--${flag.name}`)
}

function valueName({ helpValue, name }: Flag & { helpValue?: string | readonly string[] }): string {
  return typeof helpValue === 'string' ? helpValue : name.toUpperCase()
}

function defaultOf({ default: value }: { default?: unknown }): readonly string[] {
  return typeof value === 'string' ? [`The default is ${literal(value)}.`] : []
}

function oneOf(options: readonly string[] | undefined): readonly string[] {
  return options === undefined || options.length === 0 ? [] : [`One of: ${options.map(bold).join(', ')}.`]
}

function examples({ examples: given }: Command.Cached): readonly string[] {
  return (given ?? []).flatMap((entry, i) => {
    const { command, description } = typeof entry === 'string' ? { command: entry, description: '' } : entry
    const said = description === '' ? [] : prose(description)
    return [...(i === 0 ? [] : ['.PP']), ...said, ...example([command.replaceAll('<%= config.bin %>', 'ovsd')])]
  })
}
