// A process of its own that takes the host-wide lock, says "held", and lets go at the end of its input: node lock-holder.ts
import { takeLock } from '../../src/lib/system/lock.ts'

const lock = await takeLock(new AbortController().signal)
process.stdout.write('held\n')
process.stdin.resume()
process.stdin.once('end', () => {
  lock.release()
})
