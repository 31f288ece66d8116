// Calls of Docker's remote driver protocol, as dockerd makes them.
import { request } from 'node:http'
import { SOCKET } from '../../src/lib/plugin/socket.ts'

export interface Called {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Calls a driver's method; rejects when the connection breaks. */
export const callDriver = (
  name: string,
  body: object,
  socketPath = SOCKET,
  protocol = 'NetworkDriver',
): Promise<Called> => sent(`${protocol}.${name}`, JSON.stringify(body), socketPath)

/** Sends whatever text; rejects when the connection breaks. */
export async function sent(path: string, text: string, socketPath = SOCKET, method = 'POST'): Promise<Called> {
  const { promise, resolve, reject } = Promise.withResolvers<Called>()
  const asking = request({ socketPath, path: `/${path}`, method }, (response) => {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('error', reject)
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString()) as Called['body'] })
    })
  })
  asking.on('error', reject)
  asking.end(text)
  return await promise
}

/** The same of a call that must succeed: gives what Docker would be answered. */
export async function called(name: string, body: object): Promise<Called['body']> {
  const { status, body: answer } = await callDriver(name, body)
  if (status !== 200) throw new Error(`${name}: ${String(status)} ${String(answer['Err'])}`)
  return answer
}

/** An id as Docker gives one. */
export const dockerId = (digit: string): string => digit.repeat(64)

/** What Docker says with CreateNetwork. */
export const networkCall = (
  NetworkID: string,
  options: Readonly<Record<string, string>>,
  subnet = '10.0.0',
): object => ({
  NetworkID,
  Options: { 'com.docker.network.enable_ipv6': false, 'com.docker.network.generic': options },
  IPv4Data: [{ AddressSpace: 'LocalDefault', Pool: `${subnet}.0/24`, Gateway: `${subnet}.1/24` }],
  IPv6Data: [],
})

/** What it says with CreateEndpoint. */
export const endpointCall = (NetworkID: string, EndpointID: string, Address: string, MacAddress = ''): object => ({
  ...{ NetworkID, EndpointID },
  Interface: { Address, AddressIPv6: '', MacAddress },
  Options: { 'com.docker.network.endpoint.exposedports': [], 'com.docker.network.portmap': [] },
})
