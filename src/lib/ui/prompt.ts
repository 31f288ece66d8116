// The only file that imports inquirer. Callers make sure that there is a terminal.
import inquirer from 'inquirer'
import { Interrupted, messageOf } from '../errors.ts'

type Prompt = ReturnType<typeof inquirer.createPromptModule>

let ending: AbortSignal | undefined

/** The signal that ends questions: the one that is shown, and those that would come. Its reason is what they throw. */
export function endQuestionsBy(signal: AbortSignal): void {
  ending = signal
}

const OTHER = 'another …'

/** Lets the user pick one of the names; with `free` also type one that does not exist yet. Error: Interrupted. */
export async function pickName(message: string, names: readonly string[], free: boolean): Promise<string> {
  if (names.length === 0) return askName(message)
  const choices = [...names, ...(free ? [OTHER] : [])]
  const name = await answer((prompt) => prompt<{ name: string }>([{ type: 'select', name: 'name', message, choices }]))
  return name === OTHER ? askName(message) : name
}

/** Asks for a name. Error: Interrupted. */
export async function askName(message: string): Promise<string> {
  const validate = (text: string): boolean | string => text.trim() !== '' || 'A name is needed.'
  return (
    await answer((prompt) => prompt<{ name: string }>([{ type: 'input', name: 'name', message, validate }]))
  ).trim()
}

/** One of several, with a word about it. */
export interface Choice<T extends string> {
  readonly value: T
  readonly name: string
}

/** Lets the user pick one of several. Error: Interrupted. */
export async function pick<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T> {
  return (await answer((prompt) =>
    prompt<{ name: T }>([{ type: 'select', name: 'name', message, choices: [...choices] }]),
  )) as T
}

/**
 * Asks for a text until `check` does not throw; `initial` is what Enter alone means. Error: Interrupted.
 */
export async function askText(message: string, check: (text: string) => unknown, initial = ''): Promise<string> {
  const validate = (text: string): boolean | string => {
    try {
      check(text.trim())
      return true
    } catch (error) {
      return messageOf(error)
    }
  }
  const question = { type: 'input', name: 'name', message, validate, default: initial } as const
  return (await answer((prompt) => prompt<{ name: string }>([question]))).trim()
}

/** Asks a question that Enter alone answers with no. Error: Interrupted. */
export async function confirm(message: string): Promise<boolean> {
  return answer((prompt) => prompt<{ name: boolean }>([{ type: 'confirm', name: 'name', message, default: false }]))
}

/** Puts a question on stderr, because stdout is for the result, and ends it when nobody can answer it any more. */
async function answer<T>(ask: (prompt: Prompt) => Promise<{ name: T }>): Promise<T> {
  ending?.throwIfAborted()
  using gone = inputGone()
  const signal = AbortSignal.any([gone.signal, ...(ending === undefined ? [] : [ending])])
  try {
    return (await ask(inquirer.createPromptModule({ output: process.stderr, signal }))).name
  } catch (error) {
    signal.throwIfAborted()
    // inquirer has the terminal in raw mode and so gets Ctrl-C as a key; it says so by an error of its own.
    throw error instanceof Error && error.name === 'ExitPromptError' ? new Interrupted('SIGINT') : error
  }
}

/**
 * Tells when no more keys come: Ctrl-D, or the terminal was closed. inquirer would wait for ever: it does not look whether
 * its readline was closed. Of that, all that can be seen from outside is that stdin is paused, and no longer raw; after
 * Ctrl-Z and fg it is paused too, but raw, and there has to go on.
 */
function inputGone(): Disposable & { readonly signal: AbortSignal } {
  const { stdin } = process
  const controller = new AbortController()
  const end = (): void => {
    controller.abort(new Interrupted('SIGINT'))
  }
  const paused = (): void => {
    setImmediate(() => {
      if (!stdin.isRaw) end()
      else if (!controller.signal.aborted) stdin.resume()
    })
  }
  const ends = ['end', 'close', 'error'] as const
  for (const event of ends) stdin.on(event, end)
  stdin.on('pause', paused)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const event of ends) stdin.off(event, end)
      stdin.off('pause', paused)
    },
  }
}
