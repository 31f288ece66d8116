// Finds the error codes that the sources can report, with the exit statuses that stand beside them.
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url))

/** Error codes, and the exit statuses of the errors made with them. */
export type ErrorCodes = Readonly<Record<string, readonly number[]>>

/** A place where an error gets its code: `new Refused('Code', …)`, or `super('Code', …)` in a class of errors. */
interface Origin {
  readonly at: string
  readonly args: readonly ts.Expression[]
  /** The class that `super` is called in. */
  readonly inside: string | undefined
}

/** Every error code of src/. Throws for an error whose code cannot be seen in the sources. */
export function errorCodes(): ErrorCodes {
  const files = globSync('**/*.ts', { cwd: SOURCES }).map((name) =>
    ts.createSourceFile(name, readFileSync(`${SOURCES}${name}`, 'utf8'), ts.ScriptTarget.Latest, true),
  )
  const nodes = files.flatMap((file) => everyNode(file))
  const classes = errorClasses(nodes)
  const codes = new Map<string, Set<number>>()
  for (const origin of origins(nodes, classes)) {
    const [code, , , status] = origin.args
    const found = code === undefined ? [] : literals(code, ts.isStringLiteral)
    if (found.length === 0) throw new Error(`${origin.at}: the code of this error is no literal`)
    for (const { text } of found)
      codes.set(text, new Set([...(codes.get(text) ?? []), ...statuses(status, origin, nodes)]))
  }
  return Object.fromEntries(
    [...codes]
      .map(([code, found]) => [code, [...found].sort((a, b) => a - b)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function everyNode(node: ts.Node): ts.Node[] {
  const found: ts.Node[] = [node]
  node.forEachChild((child) => {
    found.push(...everyNode(child))
  })
  return found
}

/** OvsdError and the classes that are derived from it. */
function errorClasses(nodes: readonly ts.Node[]): ReadonlySet<string> {
  const classes = new Set(['OvsdError'])
  const parents = nodes
    .filter((node) => ts.isClassDeclaration(node))
    .map((node) => [node.name?.text ?? '', node.heritageClauses?.[0]?.types[0]?.expression.getText() ?? ''] as const)
  for (let before = 0; before < classes.size;) {
    before = classes.size
    for (const [name, parent] of parents) if (classes.has(parent)) classes.add(name)
  }
  return classes
}

function origins(nodes: readonly ts.Node[], classes: ReadonlySet<string>): Origin[] {
  const withOwnCode = new Set<string>()
  const calls: Origin[] = []
  for (const node of nodes) {
    if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.SuperKeyword) continue
    const inside = enclosingClass(node)
    if (inside === undefined || !classes.has(inside) || inside === 'OvsdError') continue
    withOwnCode.add(inside)
    calls.push({ at: place(node), args: node.arguments, inside })
  }
  for (const node of nodes) {
    if (!ts.isNewExpression(node)) continue
    const name = node.expression.getText()
    if (classes.has(name) && !withOwnCode.has(name))
      calls.push({ at: place(node), args: node.arguments ?? [], inside: undefined })
  }
  return calls
}

/** The statuses that an argument can have: 1 when it is left out; a parameter's are those of the calls. */
function statuses(status: ts.Expression | undefined, { inside }: Origin, nodes: readonly ts.Node[]): number[] {
  if (status === undefined) return [1]
  if (!ts.isIdentifier(status) || inside === undefined)
    return literals(status, ts.isNumericLiteral).map(({ text }) => Number(text))
  return nodes
    .filter((node) => ts.isNewExpression(node))
    .filter((node) => node.expression.getText() === inside)
    .flatMap((node) => node.arguments?.at(-1) ?? [])
    .flatMap((argument) => literals(argument, ts.isNumericLiteral).map(({ text }) => Number(text)))
    .filter((number) => number > 0)
}

function literals<T extends ts.LiteralExpression>(node: ts.Node, is: (node: ts.Node) => node is T): T[] {
  // What is compared with is no result.
  const parts = ts.isConditionalExpression(node) ? [node.whenTrue, node.whenFalse] : [node]
  return parts.flatMap((part) => (part === node ? everyNode(part).filter((one) => is(one)) : literals(part, is)))
}

function enclosingClass(node: ts.Node): string | undefined {
  for (let up: ts.Node = node.parent; !ts.isSourceFile(up); up = up.parent)
    if (ts.isClassDeclaration(up)) return up.name?.text
  return undefined
}

function place(node: ts.Node): string {
  const file = node.getSourceFile()
  return `src/${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
}
