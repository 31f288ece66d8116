// A process of its own that watches nothing, says so, and ends with its input: node instance-holder.ts
import { takeInstance, WATCHING } from '../../src/lib/system/instance.ts'

const instance = await takeInstance(WATCHING)
process.stdout.write('held\n')
process.stdin.resume()
process.stdin.once('end', () => {
  instance.release()
})
