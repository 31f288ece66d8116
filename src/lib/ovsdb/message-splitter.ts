/**
 * Cuts a stream of JSON values written without separators (JSON-RPC 1.0 over a socket, RFC 7047 section 4) into texts of
 * one value each. Feed it chunks; it gives back what is complete. It looks at every character once.
 */
export class MessageSplitter {
  #parts: string[] = []
  #depth = 0
  #inString = false
  #escaped = false

  push(chunk: string): string[] {
    const done: string[] = []
    let start = 0
    // In variables, not in fields: answers have megabytes, and the loop is run long before it is compiled.
    let [depth, inString, escaped] = [this.#depth, this.#inString, this.#escaped]
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk.charCodeAt(i)
      if (inString) {
        if (escaped) escaped = false
        else if (c === 0x5c) escaped = true
        else if (c === 0x22) inString = false
      } else if (c === 0x22) inString = true
      else if (c === 0x7b || c === 0x5b) depth++
      else if ((c === 0x7d || c === 0x5d) && --depth === 0) {
        this.#parts.push(chunk.slice(start, i + 1))
        done.push(this.#parts.join(''))
        this.#parts = []
        start = i + 1
      }
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = escaped
    if (start < chunk.length) this.#parts.push(chunk.slice(start))
    return done
  }
}
