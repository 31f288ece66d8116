// The only file that imports inquirer. Callers make sure that there is a terminal.
import inquirer from 'inquirer'
import { Interrupted } from '../errors.ts'

/** On stderr, because stdout is for the result. */
const prompt = inquirer.createPromptModule({ output: process.stderr })

const OTHER = 'another …'

/** Lets the user pick one of the names; with `free` also type one that does not exist yet. Error: Interrupted. */
export async function pickName(message: string, names: readonly string[], free: boolean): Promise<string> {
  if (names.length === 0) return askName(message)
  const choices = [...names, ...(free ? [OTHER] : [])]
  const name = await answer(prompt<{ name: string }>([{ type: 'select', name: 'name', message, choices }]))
  return name === OTHER ? askName(message) : name
}

/** Asks for a name. Error: Interrupted. */
export async function askName(message: string): Promise<string> {
  const validate = (text: string): boolean | string => text.trim() !== '' || 'A name is needed.'
  return (await answer(prompt<{ name: string }>([{ type: 'input', name: 'name', message, validate }]))).trim()
}

/** inquirer has the terminal in raw mode and so gets Ctrl-C as a key; it says so by an error of its own. */
async function answer(asked: Promise<{ name: string }>): Promise<string> {
  try {
    return (await asked).name
  } catch (error) {
    throw error instanceof Error && error.name === 'ExitPromptError' ? new Interrupted('SIGINT') : error
  }
}
