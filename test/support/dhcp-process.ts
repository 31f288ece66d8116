// A DHCP server (RFC 2131) that says what it is told to say, wrong things too: run by test/support/dhcp-server.ts inside a
// namespace. Each MAC gets an address of its own. What comes in is printed, a JSON line for each packet.
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'

/** What the server says; texts of options are hex digits. */
export interface Saying {
  /** First address to give out; each further MAC gets the next one. */
  readonly first: string
  readonly server: string
  /** Options by number, beside 53 and 54. */
  readonly options: Readonly<Record<string, string>>
  readonly silent?: boolean
  /** Answers requests with a NAK. */
  readonly refuses?: boolean
}

const TYPES = ['', 'DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM']
const MAGIC = 0x63825363

const bytes = (address: string): number[] => address.split('.').map(Number)
const dotted = (packet: Buffer, at: number): string => [...packet.subarray(at, at + 4)].join('.')

function optionsOf(packet: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 240; at < packet.length && packet[at] !== 255;) {
    if (packet[at] === 0) at++
    else {
      const [code = 0, length = 0] = packet.subarray(at, at + 2)
      found.set(code, packet.subarray(at + 2, at + 2 + length))
      at += 2 + length
    }
  }
  return found
}

const given = new Map<string, number>()

function answer(packet: Buffer, type: number, saying: Saying): Buffer {
  const mac = packet.subarray(28, 34).toString('hex')
  const nth = given.get(mac) ?? given.size
  given.set(mac, nth)
  const head = Buffer.alloc(240)
  head[0] = 2
  head[1] = 1
  head[2] = 6
  packet.copy(head, 4, 4, 8)
  packet.copy(head, 10, 10, 12)
  if (type !== 6)
    head.set(
      bytes(saying.first).map((one, i) => (i === 3 ? one + nth : one)),
      16,
    )
  packet.copy(head, 28, 28, 44)
  head.writeUInt32BE(MAGIC, 236)
  const options = Object.entries(type === 6 ? {} : saying.options).map(([code, hex]) => {
    const value = Buffer.from(hex, 'hex')
    return Buffer.concat([Buffer.from([Number(code), value.length]), value])
  })
  return Buffer.concat([
    head,
    Buffer.from([53, 1, type, 54, 4, ...bytes(saying.server)]),
    ...options,
    Buffer.from([255]),
  ])
}

function serve(file: string): void {
  const socket = createSocket('udp4')
  socket.on('message', (packet) => {
    const saying = JSON.parse(readFileSync(file, 'utf8')) as Saying
    const options = optionsOf(packet)
    const type = options.get(53)?.[0] ?? 0
    const mac = packet
      .subarray(28, 34)
      .toString('hex')
      .replace(/..(?!$)/g, '$&:')
    const line = { type: TYPES[type], mac, client: dotted(packet, 12), name: options.get(12)?.toString() ?? '' }
    process.stdout.write(`${JSON.stringify({ ...line, id: options.get(61)?.toString('hex') ?? '', at: Date.now() })}\n`)
    if (saying.silent === true || (type !== 1 && type !== 3)) return
    const reply = answer(packet, type === 1 ? 2 : saying.refuses === true ? 6 : 5, saying)
    const asked = dotted(packet, 12)
    socket.send(reply, 68, asked === '0.0.0.0' || saying.refuses === true ? '255.255.255.255' : asked)
  })
  socket.bind(67, '0.0.0.0', () => {
    socket.setBroadcast(true)
    process.stdout.write('{"type":"ready"}\n')
  })
}

const [, , file] = process.argv
if (import.meta.main && file !== undefined) serve(file)
