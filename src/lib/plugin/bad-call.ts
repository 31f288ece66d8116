import { OvsdError } from '../errors.ts'

/** A call that cannot be understood; `http` is the status of the answer (RFC 9110), `verbs` how it is called instead (405). */
export class BadCall extends OvsdError {
  readonly http: 400 | 404 | 405 | 413
  readonly verbs: readonly string[]
  constructor(http: 400 | 404 | 405 | 413, why: string, verbs: readonly string[] = []) {
    super('BadCall', `This is no call of Docker's remote driver protocol: ${why}.`, {
      next: 'It is dockerd that calls here: docker network create -d ovsd …; after a broken connection it sends a call without its body, and the command has to be repeated',
    })
    this.http = http
    this.verbs = verbs
  }
}
