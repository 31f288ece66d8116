// Programs in a network namespace that answer whoever asks, over TCP and UDP, IPv4 and IPv6, with their name and who asked.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { execaSync } from 'execa'

const SERVER = `
const [name, port] = process.argv.slice(1)
const who = (address) => name + ' ' + address.replace('::ffff:', '') + '\\n'
const tcp = require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.end(who(socket.remoteAddress))
})
const udp = require('node:dgram').createSocket('udp6')
udp.on('message', (_, { address, port }) => udp.send(who(address), port, address))
tcp.listen(Number(port), '::', () => udp.bind(Number(port), () => console.log('ready')))
`

const CLIENT = `
const [protocol, address, port, from] = process.argv.slice(1)
setTimeout(() => process.exit(1), 1500)
if (protocol === 'tcp') {
  const socket = require('node:net').connect(Number(port), address)
  socket.on('error', ({ code }) => { console.log(code); process.exit(0) })
  socket.pipe(process.stdout)
  socket.on('end', () => process.exit(0))
} else {
  const socket = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (text) => { process.stdout.write(text); process.exit(0) })
  socket.on('error', () => process.exit(1))
  socket.bind(Number(from), () => socket.send('?', Number(port), address))
}
`

/** Answers with this name at a port of every address of the namespace, until the end of an `await using` block. */
export async function answers(path: string, name: string, port: number): Promise<AsyncDisposable> {
  const args = [`--net=${path}`, process.execPath, '-e', SERVER, '--', name, String(port)]
  const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const killed = (): void => void child.kill('SIGKILL')
  process.once('exit', killed)
  const ended = once(child, 'exit')
  const [first] = (await Promise.race([once(child.stdout, 'data'), ended])) as readonly unknown[]
  if (String(first).trim() !== 'ready') throw new Error(`${name} does not listen at ${String(port)}: ${String(first)}`)
  return {
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
      process.off('exit', killed)
    },
  }
}

/**
 * What is answered there, as "NAME ADDRESS" of who was seen to ask; '' for nothing, ECONNREFUSED if nobody listens. `from` is the
 * asker's own port, of UDP only; 0 for any.
 */
export function asks(path: string, protocol: 'tcp' | 'udp', address: string, port: number, from = 0): string {
  const args = [`--net=${path}`, process.execPath, '-e', CLIENT, '--', protocol, address, String(port), String(from)]
  return execaSync('nsenter', args, { reject: false }).stdout.trim()
}
