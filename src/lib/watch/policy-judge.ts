import type { WantedWish } from '../labels/wishes.ts'
import type { OvsView } from '../ovs/reader.ts'
import { judge, type Violation } from '../policy/judge.ts'
import type { BridgeFacts } from '../policy/never.ts'
import type { Policy } from '../policy/policy.ts'

/** Decides over wishes by a policy and by what the database says of the bridge. */
export interface Judge {
  /** Whether labels that an image brings count. */
  readonly imageLabels: boolean
  /** The rules that a wish breaks; none, when it may be had. */
  judge(wish: WantedWish): Promise<readonly Violation[]>
}

/** The judge of a policy. */
export const judgeBy = (policy: Policy, ovs: OvsView): Judge => ({
  imageLabels: policy.rules.image_labels,
  judge: async (wish) => judge(policy, wish, await factsOf(ovs, wish.request.bridge)),
})

/** What the database says of a bridge, if it exists; of a VLAN bridge, what it says of its parent. */
async function factsOf(ovs: OvsView, name: string): Promise<BridgeFacts | undefined> {
  const bridge = await ovs.bridge(name)
  if (bridge !== undefined) return { externalIds: bridge.externalIds }
  const fake = await ovs.fakeBridge(name)
  const parent = fake === undefined ? undefined : await ovs.bridge(fake.parent)
  if (fake === undefined || parent === undefined) return undefined
  return { externalIds: parent.externalIds, parent: fake.parent, tag: fake.tag }
}
