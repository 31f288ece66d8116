// Adds logical ports from a process of its own: `port-adder.ts REMOTES SWITCH-UUID FIRST COUNT SUBNET…`, all at once. Prints, as
// each is made, a line with its name and addresses.
import { addPort, northbound, pool, portOf } from './northbound.ts'

const [, , remotes, uuid = '', first, count, ...subnets] = process.argv
using nb = northbound(remotes)
const pools = subnets.map(pool)
await Promise.all(
  Array.from({ length: Number(count) }, async (_, i) => {
    const port = portOf(Number(first) + i)
    const addresses = await addPort(nb, uuid, port, { asked: [], pools })
    process.stdout.write(`${port.name} ${addresses.map(({ text }) => text).join(' ')}\n`)
  }),
)
