import { madeCentral } from '../../ovn/central-record.ts'
import { SIDES } from '../../ovn/remotes.ts'
import { ok, orOk, type Trouble } from '../check.ts'
import { typed } from '../fixes.ts'
import { ofCloud, ofOvn } from './ovn-check.ts'

const BOTH = ['northbound', 'southbound'] as const

export const central = ofOvn(
  {
    id: 'ovn.central',
    title: 'the two databases of OVN answer',
    about:
      'Central holds the northbound database (what is wanted) and the southbound one (what hosts carry out). While they are away what works goes on, and nothing new does: no container of an OVN network is connected, none moves.',
    needs: ['ovs.database'],
  },
  ({ databases, local }) => {
    const silent = BOTH.filter((side) => !databases[side].answers)
    const where =
      madeCentral(local) === undefined
        ? '# Start it where central is: systemctl start ovn-central'
        : 'ovsd ovn bootstrap'
    const troubles = silent.map((side): Trouble => {
      const { remotes, members } = databases[side]
      const why = members.map((one) => one.why || one.state).join('; ')
      return {
        ...{ level: 'fail', subject: `${side} database` },
        said: `The ${side} database of OVN does not answer at ${remotes}: ${why}.`,
        evidence: members.map(
          ({ endpoint, state, why: words }) =>
            `ovsdb-client list-dbs ${endpoint.text}: ${state}${words === '' ? '' : ` (${words})`}`,
        ),
        fix: typed(
          local.tls !== undefined && /certificate|unknown ca/i.test(why)
            ? `openssl x509 -noout -subject -dates -in ${local.tls.certificate}`
            : where,
        ),
      }
    })
    return orOk(troubles, BOTH.map((side) => databases[side].remotes).join(', '))
  },
)

export const members = ofOvn(
  {
    id: 'ovn.members',
    title: 'no member of a clustered database is missing',
    about: 'A cluster of three goes on with two. With one member missing it works, and the next loss ends it.',
    needs: ['ovn.central'],
  },
  ({ databases }) => {
    const all = BOTH.flatMap((side) => databases[side].members.map((one) => ({ side, one })))
    const troubles = all
      .filter(({ one }) => one.state === 'unreachable' || one.state === 'cut-off')
      .map(({ side, one }): Trouble => ({
        ...{ level: 'warn', subject: `${side} database` },
        said: `The member ${one.endpoint.text} of the ${side} database is missing.`,
        evidence: [`ovsdb-client list-dbs ${one.endpoint.text}: ${one.why || one.state}`],
        fix: typed(
          `ovn-appctl -t ${SIDES[side].socket.replace('db.sock', 'db.ctl')} cluster/status ${SIDES[side].database}   # there`,
        ),
      }))
    return orOk(troubles, `${String(all.length)} answer`)
  },
)

export const northd = ofCloud(
  {
    id: 'ovn.northd',
    title: 'an ovn-northd is at work',
    about:
      'ovn-northd turns the northbound database into the flows of the southbound one. While none is at work changes are written and nothing comes of them.',
  },
  ({ cloud }) => {
    if (!cloud.isNorthdAtWork)
      return [
        {
          ...{
            level: 'fail',
            subject: 'ovn-northd',
            said: 'No ovn-northd is at work: what is written to the northbound database has no effect.',
          },
          evidence: ['ovn-sbctl: nobody holds the lock ovn_northd'],
          fix: typed('systemctl start ovn-northd   # where central is; in a container: docker restart ovn-central'),
        },
      ]
    return ok(`${cloud.northdVersion} at work`)
  },
)

export const versions = ofCloud(
  {
    id: 'ovn.versions',
    title: 'ovn-controller and ovn-northd are of one version',
    about:
      'OVN works across neighbouring versions when hosts are upgraded first (ovn-upgrades in its documentation). Other orders may drop traffic at any change.',
    needs: ['ovn.northd', 'ovn.controller'],
  },
  ({ cloud, controller }) =>
    controller.version === '' || cloud.northdVersion === '' || controller.version === cloud.northdVersion
      ? ok(controller.version || 'unknown')
      : [
          {
            ...{ level: 'warn', subject: 'OVN' },
            said: `ovn-controller is ${controller.version} and ovn-northd ${cloud.northdVersion}.`,
            evidence: [
              `ovn-appctl -t ovn-controller version: ${controller.version}`,
              `ovn-sbctl get SB_Global . options:northd_internal_version: ${cloud.northdVersion}`,
            ],
            fix: typed('apt-get install --only-upgrade ovn-host   # hosts first, then central'),
          },
        ],
)
