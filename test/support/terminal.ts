// A terminal with a person at it: tmux types and reads the screen.
import { setTimeout as pause } from 'node:timers/promises'
import { tool } from './tool.ts'

export interface Terminal extends Disposable {
  /** Types keys by tmux's names: 'ls', 'Enter', 'Tab', 'C-c'. */
  type(...keys: string[]): void
  /** Waits until the screen matches, and gives it. Throws with the screen when it does not within ten seconds. */
  sees(pattern: RegExp): Promise<string>
}

let count = 0

/** Opens a bash without start-up files, 140 columns wide. Its prompt is its own: "bash-5.2#". */
export function terminal(env: Readonly<Record<string, string>> = {}): Terminal {
  const socket = `ovsd-test-${String(process.pid)}-${String(count++)}`
  const tmux = (...args: string[]): string => tool('tmux', '-L', socket, ...args)
  const settings = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`])
  tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-x',
    '140',
    '-y',
    '40',
    ...settings,
    'env -u CI bash --norc --noprofile',
  )
  return {
    type: (...keys) => void tmux('send-keys', '--', ...keys),
    async sees(pattern) {
      let screen = ''
      for (let tries = 0; tries < 100; tries++) {
        screen = tmux('capture-pane', '-p')
        if (pattern.test(screen)) return screen
        await pause(100)
      }
      throw new Error(`${String(pattern)} never came. The screen:\n${screen}`)
    },
    [Symbol.dispose]: () => void tmux('kill-server'),
  }
}
