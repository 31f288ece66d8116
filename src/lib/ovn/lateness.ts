/** Longest time, in milliseconds, that a daemon waits for a port which works as soon as OVN does. */
const KEEPER_MS = 5000
/** The same once a port was late: within this time an OVN that is well again shows it, also with ten thousand ports (some 200 ms). */
const LATE_MS = 300

/**
 * What a daemon knows of how long OVN takes to make ports work: when it does not come about (an ovn-northd or ovn-controller that hangs), one container waits
 * for it, and the hundreds that start next do not.
 */
export class Lateness {
  #isLate = false

  /** How long the next port is waited for, in milliseconds. */
  get limitMs(): number {
    return this.#isLate ? LATE_MS : KEEPER_MS
  }

  /** A port worked in time, or it did not. */
  heard(isInTime: boolean): void {
    this.#isLate = !isInTime
  }
}
