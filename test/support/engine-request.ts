// Requests to the engine without its command, which costs more to start than most of what is asked for.
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'

/** Posts to a path of the engine's API, as `/containers/ID/start`; throws with its words unless it does as it is told. */
export async function posted(path: string): Promise<void> {
  const asked = request({ socketPath: '/run/docker.sock', method: 'POST', path })
  const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage]
  const said = (await answer.toArray()).join('')
  if (answer.statusCode !== 204) throw new Error(`POST ${path}: ${String(answer.statusCode)} ${said}`)
}
