import { calledFor, type Attachment } from '../../attach/attachment.ts'
import { Refused } from '../../errors.ts'
import { netnsInode, type Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * The last look: does the container still live in the namespace that was opened? The descriptor keeps the namespace of a
 * container that ended or was restarted meanwhile usable, so that everything before this succeeds for nobody.
 */
export function targetConfirm({ target }: Attachment, netns: Netns): ReversibleStep {
  const isThere = (): boolean => netnsInode(target.netnsPath) === netns.inode
  return {
    id: 'target.confirm',
    title: `Make sure that ${calledFor(target)} was not restarted meanwhile`,
    leaves: '',
    goesWith: 'veth.create',
    commands: () => [],
    isDone: () => Promise.resolve(isThere()),
    apply() {
      if (isThere()) return Promise.resolve()
      return Promise.reject(
        new Refused('ContainerNotRunning', `${calledFor(target)} stopped or restarted while it was being attached.`, {
          next: 'Try again.',
        }),
      )
    },
    undo: () => Promise.resolve(),
  }
}
