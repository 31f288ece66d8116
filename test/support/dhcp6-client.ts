// Asks for an IPv6 address as a DHCPv6 client does (RFC 8415): `dhcp6-client.ts INTERFACE`, inside a namespace. Prints the types of
// the answers and the options of the last, as hex digits by their numbers.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'

const iface = process.argv[2] ?? 'eth1'
const mac = (networkInterfaces()[iface]?.[0]?.mac ?? '').replaceAll(':', '')

const option = (code: number, hex: string): string =>
  code.toString(16).padStart(4, '0') + (hex.length / 2).toString(16).padStart(4, '0') + hex

function optionsOf(hex: string): Record<number, string> {
  const found: Record<number, string> = {}
  for (let at = 0; at < hex.length;) {
    const [code, length] = [0, 4].map((i) => Number.parseInt(hex.slice(at + i, at + i + 4), 16))
    found[code ?? 0] = hex.slice(at + 8, at + 8 + (length ?? 0) * 2)
    at += 8 + (length ?? 0) * 2
  }
  return found
}

const socket = createSocket('udp6')
socket.bind(546)
await once(socket, 'listening')
const answers: string[] = []
socket.on('message', (message) => answers.push(message.toString('hex')))

async function ask(type: number, more: string): Promise<string> {
  // A client id that is the link's address (11.4), and one IA_NA without wishes (21.4).
  const packet = `0${type}abcdef${option(1, `00030001${mac}`)}${option(3, '000000010000000000000000')}${option(8, '0000')}${more}`
  const before = answers.length
  for (let tries = 0; answers.length === before; tries++) {
    if (tries > 50) throw new Error(`nobody answers the message of type ${type}`)
    socket.send(Buffer.from(packet, 'hex'), 547, `ff02::1:2%${iface}`)
    await pause(200)
  }
  return answers.at(-1) ?? ''
}

const advertised = await ask(1, '')
const confirmed = await ask(3, option(2, optionsOf(advertised.slice(8))[2] ?? ''))
socket.close()
const types = [advertised, confirmed].map((one) => Number.parseInt(one.slice(0, 2), 16))
console.log(JSON.stringify({ types, options: optionsOf(confirmed.slice(8)) }))
