/** The names under which the program may be started (a link to it called ovs-docker is the second). */
export type Invocation = 'ovsd' | 'ovs-docker'

let current: Invocation = 'ovsd'

/** Called once, before any command runs. */
export function setInvocation(name: Invocation): void {
  current = name
}

/** The name under which this run was started: messages and statuses of ovs-docker differ in places. */
export function invocation(): Invocation {
  return current
}
