import { lookAtMirrors, ownMirrors, withNetwork, type MirrorsAround } from '../../network/mirror/around.ts'
import { mirrorOfNetwork } from '../../network/mirror/of-network.ts'
import { wanted } from '../../network/mirror/wanted.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { crooked, putsFor } from '../keep-mirrors.ts'
import { destInUse } from '../mirror-dest.ts'
import { withTunnel } from '../remove-mirror.ts'
import { mirrorRemove } from '../steps/mirror-remove.ts'
import type { NetworkPart } from './part.ts'

/**
 * Copies of what goes through a network. Until there is somebody who gets them, nothing is made and nothing is missing:
 * containers come after their network. `mirror ls` says what is waited for. Who is used for something else gets no copies unless
 * that was asked for (--force).
 */
export const mirror: NetworkPart = {
  name: 'mirror',
  isOf: ({ mirroring }) => mirroring !== undefined,
  async make(host, spec, { force = false }) {
    const found = await lookAtMirrors(host)
    const around = await withNetwork(host, found, spec)
    // Of one that is there already the mirror waits, and nothing else of the network does.
    if (!found.networks.some(({ name }) => name === spec.name)) refuseUsed(spec, around, force)
    return putsFor(host, around, (one) => one.network === spec.name, force)
  },
  async missing(host, spec, { force = false }) {
    const around = await withNetwork(host, await lookAtMirrors(host), spec)
    const found = crooked(around, (one) => one.network === spec.name, force)
    return found.map(({ row }) => (row === undefined ? 'its mirror' : 'ports in its mirror'))
  },
  async remove(host, { name, bridge }) {
    const { table } = await lookAtMirrors(host)
    const rows = ownMirrors(table)
      .filter(({ mirror: one }) => one.network === name && one.bridge === bridge)
      .map(({ row }) => row)
    return rows.length === 0 ? [] : [[await mirrorRemove(host, withTunnel(rows), `Remove the mirror of ${name}`)]]
  },
}

/** Copies for somebody whom they would cut off are not what a new network begins with. Error: MirrorDestInUse. */
function refuseUsed(spec: NetworkSpec, around: MirrorsAround, force: boolean): void {
  const wish = mirrorOfNetwork(spec, force)
  if (wish === undefined) return
  const { output, use } = wanted(wish, around)
  if (output !== undefined && use !== undefined) throw destInUse(output, use)
}
