import type { Network } from '../../src/lib/network/networks.ts'
import { networkRecord, readNetworks } from '../../src/lib/network/record.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'

/** A network as it is read from its record on bn0, or on the bridge that the words name. */
export function recordedNetwork(words: NetworkWords): Network {
  const { bridge = 'bn0' } = words
  const [found] = readNetworks({
    ...{ uuid: 'u', name: bridge, datapathType: 'netdev' },
    externalIds: networkRecord({ mode: 'l2', ...words }),
  })
  if (found === undefined || !('spec' in found)) throw new Error(JSON.stringify(found))
  return found
}
