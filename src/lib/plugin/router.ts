import { BadCall } from './bad-call.ts'
import { isFields, type Fields } from './fields.ts'

/** A method of the protocol. */
export interface Method {
  /** Docker sends no body with it. */
  readonly isBare?: true
  /** It only tells something: a GET does, too. */
  readonly isRead?: true
  /** What Docker is answered. Errors: BadCall, OvsdErrors. */
  answer(body: Fields, signal: AbortSignal): Promise<object> | object
}

/** Methods by their names, e.g. NetworkDriver.Join. */
export type Methods = ReadonlyMap<string, Method>

/** A method's name and the object that came with it. */
export interface Call {
  readonly name: string
  readonly method: Method
  /** Reads what was sent. Error: BadCall. */
  body(text: string): Fields
}

/** The driver's whole state: no method of Docker's, but what people ask for by hand; also when they name nothing. */
export const DATABASE = 'NetworkDriver.Database'

/** What a request is about. Error: BadCall. */
export function callOf(methods: Methods, verb: string, url: string): Call {
  const name = url.replace(/^\//, '').replace(/\?.*$/s, '') || DATABASE
  const method = methods.get(name)
  if (method === undefined) throw new BadCall(404, `there is no ${JSON.stringify(name.slice(0, 80))}`)
  const verbs = method.isRead === true ? ['GET', 'POST'] : ['POST']
  if (!verbs.includes(verb))
    throw new BadCall(405, `${name} is called with ${verbs.join(' or ')}, and not with ${verb.slice(0, 20)}`, verbs)
  return { name, method, body: (text) => (text.trim() === '' && method.isBare === true ? {} : bodyOf(text)) }
}

function bodyOf(text: string): Fields {
  // After a broken connection dockerd tries again with what is left of the body: nothing (moby, issue 39331). {} would be
  // a success that never was.
  if (text.trim() === '') throw new BadCall(400, 'its body is empty')
  const value = parsed(text)
  if (isFields(value)) return value
  throw new BadCall(400, 'its body is no JSON object')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
