// What execa adds to each subprocess besides what Node has: streams and iterables made of it, and messages to it.
export function addConvertedStreams(): void {
  // Nothing uses them: using one fails, because it is not there.
}
export const addIpcMethods = addConvertedStreams
