// The only file that imports inquirer. Callers make sure that there is a terminal.
import inquirer from 'inquirer'

const OTHER = 'another …'

/** Lets the user pick one of the names; with `free` also type one that does not exist yet. */
export async function pickName(message: string, names: readonly string[], free: boolean): Promise<string> {
  if (names.length === 0) return askName(message)
  const { name } = await inquirer.prompt<{ name: string }>([
    { type: 'select', name: 'name', message, choices: [...names, ...(free ? [OTHER] : [])] },
  ])
  return name === OTHER ? askName(message) : name
}

/** Asks for a name. */
export async function askName(message: string): Promise<string> {
  const { name } = await inquirer.prompt<{ name: string }>([
    { type: 'input', name: 'name', message, validate: (text: string) => text.trim() !== '' || 'A name is needed.' },
  ])
  return name.trim()
}
