import { MessageSplitter } from '../ovsdb/message-splitter.ts'
import { DockerRefused } from './answer.ts'
import { eventOf, type EngineEvent } from './event.ts'

/** Characters of one event. It carries all labels of its container, so it may be long, but not without an end. */
const LONGEST = 16_777_216

/** Cuts what an engine sends into events, however it arrives: in pieces, several at once, with and without line ends. */
export class EventCutter {
  readonly #splitter = new MessageSplitter()
  /** Characters of an event that is not complete. */
  #waiting = 0

  /** The events that are complete with this chunk. Error: DockerRefused, at what is no event. */
  push(chunk: string): readonly EngineEvent[] {
    // Line ends are between events; within its strings JSON writes them as \n.
    const text = chunk.replaceAll(/[\r\n]/g, '')
    const complete = this.#splitter.push(text)
    const begins = this.#waiting === 0 || complete.length > 0
    this.#waiting += text.length - complete.reduce((sum, { length }) => sum + length, 0)
    if (this.#waiting > LONGEST || (begins && this.#waiting > 0 && text.at(-this.#waiting) !== '{'))
      throw new DockerRefused('The Docker engine sent something else than events')
    return complete.map(eventOf).filter((event) => event !== undefined)
  }
}
