import { readFileSync } from 'node:fs'
import { ipOfBits, parseIp } from '../../net/ip-address.ts'
import { gatewaysOf } from '../../network/gateway.ts'
import type { RecordedNetwork } from '../../network/record.ts'
import { notHere, orOk, type Check, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import { count } from '../words.ts'

export const wayBack: Check = {
  id: 'network.way-back',
  title: 'the host finds its way back into each nat network',
  about:
    "Answers for containers of a nat network go by the host's route to its subnet. When another route is more specific, or somebody removed the one of the gateway, they go elsewhere; with a strict reverse-path filter (rp_filter 1, RFC 3704) the requests are dropped already.",
  needs: ['network.parts'],
  run: async (patient) => {
    const usable = (await patient.networks()).filter(
      (one): one is Extract<RecordedNetwork, { readonly spec: object }> => 'spec' in one,
    )
    const gateways = await gatewaysOf(
      patient.host,
      usable.map(({ spec }) => spec),
    )
    if (gateways.length === 0) return notHere('there is no nat network')
    const troubles = await Promise.all(
      gateways.flatMap(({ network, link, sides }) =>
        sides.map(async ({ family, subnet, ip }): Promise<readonly Trouble[]> => {
          const probe = neighbourOf(ip)
          const option = `-${String(family)}`
          const { stdout } = await patient.host.run({
            ...{ tool: 'ip', args: [option, '-json', 'route', 'get', probe] },
            okStatuses: [2],
          })
          const [route] = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly { readonly dev?: string }[]
          if (route?.dev === link) return []
          return [
            {
              ...{ level: 'fail', subject: `network ${network}` },
              said: `The host sends what is for ${subnet} of the network ${network} by ${route?.dev ?? 'no way at all'}, not by its gateway ${link}.`,
              evidence: [
                `ip ${option} route get ${probe}: dev ${route?.dev ?? '-'}`,
                `sysctl net.ipv4.conf.${link}.rp_filter: ${rpFilter(link)}`,
              ],
              fix: typed(`ip ${option} route show match ${subnet}`, `ip ${option} route replace ${subnet} dev ${link}`),
            },
          ]
        }),
      ),
    )
    return orOk(troubles.flat(), count(gateways.length, 'gateway'))
  },
}

/** Another address of a gateway's subnet, of which the smallest has four. The gateway's own is local. */
function neighbourOf(ip: string): string {
  const { bits, family } = parseIp(ip, 'gateway', '10.0.0.1')
  return ipOfBits(family, bits ^ 2n).text
}

function rpFilter(link: string): string {
  try {
    return readFileSync(`/proc/sys/net/ipv4/conf/${link}/rp_filter`, 'utf8').trim()
  } catch {
    return '-'
  }
}
