// `npm run lab`: a shell in a private host with two containers, to try things that would be rude on a real machine.
import { fileURLToPath } from 'node:url'
import { runContainer } from './containers.ts'
import { foreground } from './foreground.ts'
import { startHost } from './private-host.ts'

const greeting = `
This is a private host: Open vSwitch, Docker and the containers c1 and c2 are yours alone, and no
packet leaves it. It is gone when you type exit. Try:

  ovsd add-port br0 eth1 c1 --ipaddress=10.0.0.1/24
  ovsd add-port br0 eth1 c2 --ipaddress=10.0.0.2/24
  docker exec c1 ping -c 3 10.0.0.2
`

async function main(): Promise<number> {
  await using host = await startHost()
  await Promise.all([runContainer(host, { name: 'c1' }), runContainer(host, { name: 'c2' })])
  const rc = fileURLToPath(new URL('bashrc', import.meta.url))
  const shell = process.stdin.isTTY ? ['bash', '--rcfile', rc] : ['bash']
  if (process.stdin.isTTY) console.log(greeting)
  return await foreground(host, shell)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`lab: ${(error as Error).message}`)
  process.exitCode = 1
}
