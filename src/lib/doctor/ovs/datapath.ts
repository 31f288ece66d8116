import { orOk, type Check } from '../check.ts'
import { typed } from '../fixes.ts'

export const datapath: Check = {
  id: 'ovs.datapath',
  title: 'the kernel has the datapath that bridges ask for',
  about:
    'A bridge of datapath_type system needs the module openvswitch of the kernel. Where it is missing (many containers, WSL, small kernels) the bridge is in the database only: its own device never appears, and no port of it works. datapath_type netdev does the same in user space.',
  needs: ['ovs.vswitchd'],
  run: async (patient) => {
    const [ports, { version }] = await Promise.all([patient.ports(), patient.switch()])
    const broken = ports.filter(
      ({ bridge, port, interface: row }) =>
        port.name === bridge.name && row.name === bridge.name && (row.ofport ?? -1) < 0,
    )
    return orOk(
      broken.map(({ bridge, interface: row }) => ({
        ...{ level: 'fail', subject: `bridge ${bridge.name}` },
        said: `The bridge ${bridge.name} has no datapath: the ${bridge.datapathType === 'system' ? "kernel's" : bridge.datapathType} one cannot be had here.`,
        evidence: [
          `ovs-vsctl get Bridge ${bridge.name} datapath_type: ${bridge.datapathType}`,
          `ovs-vsctl get Interface ${row.name} ofport: ${String(row.ofport ?? '[]')}`,
          ...(row.error === '' ? [] : [`ovs-vsctl get Interface ${row.name} error: ${row.error}`]),
        ],
        fix:
          bridge.datapathType === 'system'
            ? typed(
                'modprobe openvswitch',
                `# or, without the kernel: ovs-vsctl set Bridge ${bridge.name} datapath_type=netdev`,
              )
            : typed(`tail /var/log/openvswitch/ovs-vswitchd.log`),
      })),
      `Open vSwitch ${version}`,
    )
  },
}
