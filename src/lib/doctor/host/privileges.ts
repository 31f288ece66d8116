import { messageOf, OvsdError } from '../../errors.ts'
import { requirePrivileges } from '../../system/privileges.ts'
import { ok, type Check } from '../check.ts'
import { typed } from '../fixes.ts'

export const privileges: Check = {
  id: 'host.privileges',
  title: 'ovsd may change the network of this host',
  about:
    'Changing links and namespaces takes root with CAP_NET_ADMIN and CAP_SYS_ADMIN. Without them doctor sees less: the databases of Open vSwitch are for root only, and so are the namespaces of containers.',
  needs: [],
  run: () => {
    try {
      requirePrivileges()
    } catch (error) {
      if (!(error instanceof OvsdError)) throw error
      return Promise.resolve([
        {
          ...{ level: 'fail', subject: '', said: messageOf(error) },
          evidence: [`id -u: ${String(process.geteuid?.() ?? '?')}`],
          fix: typed('sudo ovsd doctor'),
        },
      ])
    }
    return Promise.resolve(ok('CAP_NET_ADMIN and CAP_SYS_ADMIN'))
  },
}
