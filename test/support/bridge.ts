import { tool } from './tool.ts'

let count = 0

/** A bridge on the userspace datapath, deleted with everything on it at the end of the `using` block. */
export interface TestBridge extends Disposable {
  readonly name: string
}

export function testBridge(): TestBridge {
  const name = `bk${String(count++)}`
  tool('ovs-vsctl', 'add-br', name, '--', 'set', 'Bridge', name, 'datapath_type=netdev')
  return {
    name,
    [Symbol.dispose]() {
      tool('ovs-vsctl', '--if-exists', 'del-br', name)
    },
  }
}
