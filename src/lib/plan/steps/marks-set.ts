import type { Host } from '../../host.ts'
import type { ReversibleStep } from '../step.ts'

type Ids = Readonly<Record<string, string>>

/** Puts back marks of a port that somebody changed or took away. What it has put back is right, and stays. */
export function marksSet(host: Host, port: string, marks: Ids): ReversibleStep {
  const command = host.vsctl.setMarks(port, marks)
  return {
    id: 'marks.set',
    title: `Put back the marks ${Object.keys(marks).join(', ')} of ${port}`,
    leaves: `marks of port ${port}`,
    keeps: `the marks of ${port} stay put back`,
    commands: () => [command],
    async isDone() {
      const [[row] = []] = await host.ovs.interfaces([{ name: port }])
      return row !== undefined && Object.entries(marks).every(([key, value]) => row.externalIds[key] === value)
    },
    async apply(signal) {
      await host.run(command, signal)
    },
    undo: () => Promise.resolve(),
  }
}
