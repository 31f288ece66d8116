// Flags of the commands that go on until a signal ends them, declared once.
import { stateFlags } from './flags.ts'
import { SOCKET } from './lib/plugin/socket.ts'
import { Flags } from './oclif.ts'

export const logFlags = {
  'log-level': Flags.string({ description: 'debug, info (the default), warn or error', helpValue: 'LEVEL' }),
  'log-format': Flags.string({ description: 'text or json (default: text on a terminal)', helpValue: 'FORMAT' }),
}

/** What `ovsd watch` can be told. What settings and variables may say too has no default here: which counts is decided in one place. */
export const watchFlags = {
  bridge: Flags.string({ description: 'Bridge for labels that name none (default: ovsbr0)', helpValue: 'BRIDGE' }),
  interface: Flags.string({ description: 'Interface for labels that name none (default: eth1)', helpValue: 'NAME' }),
  mtu: Flags.string({ description: 'MTU for labels that name none', helpValue: 'N' }),
  'external-interface': Flags.string({
    description: "The host's interface for external addresses",
    helpValue: 'NAME',
  }),
  policy: Flags.string({
    description: 'Policy file, or none (default: /etc/ovsd/policy.yaml if there is one)',
    helpValue: 'FILE',
  }),
  config: Flags.string({
    description: 'Settings file (default: /etc/ovsd/ovsd.yaml if there is one)',
    helpValue: 'FILE',
  }),
  ...logFlags,
  metrics: Flags.string({
    description: 'Serve /metrics and /healthz there, e.g. 127.0.0.1:9100 or unix:/run/ovsd/metrics.sock',
    helpValue: 'ADDRESS',
  }),
  health: Flags.string({ description: 'Serve /healthz there (too)', helpValue: 'ADDRESS' }),
  'allow-remote': Flags.boolean({ description: 'Let the two addresses be ones that other hosts can reach' }),
  resync: Flags.string({ description: 'Seconds between two looks at everything (default: 60)', helpValue: 'N' }),
}

/** What `ovsd plugin` can be told, but for its log. */
export const driverFlags = {
  ...stateFlags,
  socket: Flags.string({
    description: 'Where Docker finds the driver; its name is that of the file',
    default: SOCKET,
    helpValue: 'PATH',
    env: 'OVSD_PLUGIN_SOCKET',
  }),
  'require-ovn': Flags.boolean({
    description: 'Refuse networks of Docker that are not on OVN: without --opt ovn.switch, or ovn.role=transit',
  }),
}
