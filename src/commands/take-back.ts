import { BaseCommand } from '../base-command.ts'
import { stateFlags } from '../flags.ts'
import { openHost } from '../lib/host.ts'
import { takeBack } from '../lib/plan/take-back.ts'
import { keepWatch } from '../lib/run/watchdog.ts'
import { AT_POST } from '../lib/system/runner.ts'
import { Args } from '../oclif.ts'
import { storeOf } from '../store.ts'

/** Started by `net create --confirm-within`, as a process of its own. */
export default class TakeBack extends BaseCommand {
  static override hidden = true
  static override summary = 'Take a network back unless it is confirmed (the watchdog of net create --confirm-within)'
  static override args = {
    bridge: Args.string({ description: 'bridge of the network', required: true }),
    network: Args.string({ description: 'name of the network', required: true }),
    id: Args.string({ description: 'id of the network', required: true }),
  }

  static override flags = stateFlags

  /** The terminal that it was started from may go: that is what it is for. */
  protected override readonly endingSignals = ['SIGINT', 'SIGTERM'] as const

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TakeBack)
    process.on('SIGHUP', () => undefined)
    const ended = new Promise<void>((resolve) => {
      this.interruption.addEventListener('abort', () => resolve(), { once: true })
    })
    const watching = keepWatch({
      ...{ bridge: args.bridge, name: args.network, id: args.id },
      open: () => openHost({ db: flags.db, docker: flags.docker }),
      ready: () => process.stdout.write(AT_POST),
      takeBack: async () => {
        await this.perform(flags, (host) =>
          takeBack(
            host,
            args.network,
            args.id,
            storeOf(flags, () => undefined),
          ),
        )
      },
    })
    await Promise.race([watching, ended])
  }
}
