import { shortId } from '../docker/container.ts'
import { firstLine } from '../errors.ts'
import { CONTAINER_BACKOFF } from '../reconcile/backoff.ts'
import { WorkQueue } from '../reconcile/queue.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { Log } from './log.ts'
import type { Meter } from './meter.ts'

/** Containers that are worked on at the same time: enough that a burst shares its processes. */
const AT_ONCE = 256

/** The queue of containers to be looked at; with `retries`, what fails is tried again. */
export const workOf = (
  reconciler: Pick<Reconciler, 'reconcile'>,
  { log, meter, retries }: { readonly log: Log; readonly meter: Meter; readonly retries: boolean },
): WorkQueue =>
  new WorkQueue({
    ...{ atOnce: AT_ONCE, backoff: CONTAINER_BACKOFF, retries },
    work: async (id, occasion) => {
      const begun = performance.now()
      await reconciler.reconcile(id, occasion)
      meter.reconcileTook((performance.now() - begun) / 1000)
    },
    failed: (id, error, retryMs) => {
      if (retryMs === undefined) return
      const again = `${shortId(id)} will be looked at again in ${(retryMs / 1000).toFixed(1)} s`
      log.debug('container.retry', `${again}: ${firstLine(error)}`, { container_id: id, retry_in_s: retryMs / 1000 })
    },
  })
