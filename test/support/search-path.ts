/** Runs `act` under another PATH. */
export async function withPath<T>(path: string | undefined, act: () => Promise<T>): Promise<T> {
  const before = process.env['PATH']
  if (path === undefined) delete process.env['PATH']
  else process.env['PATH'] = path
  try {
    return await act()
  } finally {
    process.env['PATH'] = before
  }
}
