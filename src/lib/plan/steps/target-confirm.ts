import type { Attachment } from '../../attach/attachment.ts'
import type { ReversibleStep } from '../step.ts'

/** Asks once more whether the container still lives the life that its namespace was opened in. Changes nothing. */
export function targetConfirm({ target }: Attachment, confirm: () => Promise<void>): ReversibleStep {
  return {
    id: 'target.confirm',
    title: `Make sure that ${target.typed} was not restarted meanwhile`,
    leaves: '',
    goesWith: 'veth.create',
    commands: () => [],
    isDone: () => Promise.resolve(false),
    apply: confirm,
    undo: () => Promise.resolve(),
  }
}
