import { parseAttach, type AttachRequest, type AttachWords } from '../../src/lib/plan/request.ts'
import type { BareNamespace } from './namespace.ts'
import type { TestBridge } from './bridge.ts'

/** A request for `eth1` of a bare namespace, with two addresses, unless the words say otherwise. */
export function requestFor(
  bridge: TestBridge | string,
  namespace: BareNamespace,
  words: Partial<AttachWords> = {},
): AttachRequest {
  return parseAttach({
    bridge: typeof bridge === 'string' ? bridge : bridge.name,
    iface: 'eth1',
    container: namespace.name,
    netns: namespace.path,
    ipaddress: ['10.77.0.2/24', 'fd77::2/64'],
    ...words,
  })
}
