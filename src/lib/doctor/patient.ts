import type { Host } from '../host.ts'
import { networksOf } from '../network/networks.ts'
import type { RecordedNetwork } from '../network/record.ts'
import { centralOf } from '../ovn/central.ts'
import { readLocal, type LocalOvn } from '../ovn/local.ts'
import { ovnStatus, type OvnStatus } from '../ovn/status.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { Store } from '../state/store.ts'
import { hostLinks, type LinkSeen } from './links-seen.ts'
import { once } from './once.ts'
import { attachmentsSeen, type AttachmentsSeen } from './attachments-seen.ts'
import { vswitchdAnswers } from './daemon-answers.ts'
import { readSwitch, type SwitchSeen } from './switch-seen.ts'

/** What belongs to ovsd itself on the host that is looked at. */
export interface OwnPlaces {
  readonly store: Store
  /** The policy file of the daemon; undefined where the usual one applies, or none. Error: those of the settings file. */
  readonly policyFile: () => Promise<string | undefined>
  /** Of ovsd plugin. */
  readonly socket: string
}

/** The host under examination. Each look is made once, when the first check asks for it. */
export class Patient {
  readonly host: Host
  readonly own: OwnPlaces
  /** The tables of Open vSwitch that only doctor reads. */
  readonly switch: () => Promise<SwitchSeen>
  /** Every port of every bridge. */
  readonly ports: () => Promise<readonly PortOnBridge[]>
  /** Whether ovs-vswitchd answers; taken for granted where its database is not this host's default one. */
  readonly daemonAnswers: () => Promise<boolean>
  readonly links: () => Promise<ReadonlyMap<string, LinkSeen>>
  readonly networks: () => Promise<readonly RecordedNetwork[]>
  /** The attachments of ovsd, each with its container as it is. */
  readonly attachments: () => Promise<AttachmentsSeen>
  readonly localOvn: () => Promise<LocalOvn>
  /** Undefined for a host that takes no part in OVN. */
  readonly ovn: () => Promise<OvnStatus | undefined>

  constructor(host: Host, own: OwnPlaces) {
    this.host = host
    this.own = own
    this.switch = once(() => readSwitch(host))
    this.ports = once(() => host.ovs.everything())
    this.daemonAnswers = once(() => vswitchdAnswers(host))
    this.links = once(() => hostLinks(host.run))
    this.networks = once(() => networksOf(host))
    this.localOvn = once(() => readLocal(host))
    this.ovn = once(async () => (centralOf(await this.localOvn()) === undefined ? undefined : await ovnStatus(host)))
    this.attachments = once(() => attachmentsSeen(this))
  }
}
