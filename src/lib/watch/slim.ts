import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the heap of a process small that lives long and is mostly idle. V8 lets the space for new objects grow to 32 MB in
 * a burst and does not give it back; here it may not grow. With 200 containers that is 24 of 109 MB.
 */
export function slim(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
