// On Unix the kernel finds the program and takes the arguments as they are.
export function parseCommandFile<O>(
  file: string,
  args: readonly string[],
  options: O,
): { file: string; commandArguments: string[]; options: O } {
  return { file, commandArguments: [...args], options }
}
