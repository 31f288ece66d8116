import type { WantedWish } from '../labels/wishes.ts'
import type { RecordedNetwork } from '../network/record.ts'
import { networksOn } from '../network/seen.ts'
import type { OvsView } from '../ovs/reader.ts'
import type { AttachRequest } from '../plan/request.ts'
import { confined } from './confine.ts'
import { judge, type Violation } from './judge.ts'
import type { BridgeFacts } from './never.ts'
import type { Policy } from './policy.ts'

/** Decides over wishes by a policy and by what the database says of the bridge. */
export interface Judge {
  /** Whether labels that an image brings count. */
  readonly imageLabels: boolean
  /** The networks that labels can name, whether or not they may. */
  networks(): Promise<readonly RecordedNetwork[]>
  judge(wish: WantedWish): Promise<Ruling>
}

/** What a policy makes of a wish. */
export interface Ruling {
  /** The rules that it breaks. */
  readonly violations: readonly Violation[]
  /** If it breaks none: the request, so that it cannot get more than the rules allow. */
  readonly request: AttachRequest
}

/** The judge of a policy. */
export const judgeBy = (policy: Policy, ovs: OvsView): Judge => ({
  imageLabels: policy.rules.image_labels,
  networks: async () => (await ovs.bridges()).flatMap(networksOn),
  async judge(wish) {
    const facts = await factsOf(ovs, wish.request.bridge)
    const violations = judge(policy, wish, facts)
    return { violations, request: confined(policy, wish.request, facts) }
  },
})

/** What the database says of a bridge, if it exists; of a VLAN bridge, what it says of its parent. */
async function factsOf(ovs: OvsView, name: string): Promise<BridgeFacts | undefined> {
  const bridge = await ovs.bridge(name)
  if (bridge !== undefined) return { externalIds: bridge.externalIds, networks: networksOn(bridge) }
  const fake = await ovs.fakeBridge(name)
  const parent = fake === undefined ? undefined : await ovs.bridge(fake.parent)
  if (fake === undefined || parent === undefined) return undefined
  return { externalIds: parent.externalIds, networks: networksOn(parent), parent: fake.parent, tag: fake.tag }
}
