// Whether interfaces of containers leave checksums for hardware: of hundreds of containers in one process. Neither /sys nor ip tells it,
// ethtool takes one interface of its own namespace, and each is two programs to start. perl is on every Debian (perl-base is
// essential) and can ask the same question of the kernel in one namespace after the other.
import { CommandFailed, OvsdError, ToolMissing } from '../../errors.ts'
import { netnsInode, openNetns } from '../../system/netns.ts'
import type { Runner } from '../../system/runner.ts'
import { sideBySide } from '../../system/side-by-side.ts'

/** An interface, in the network namespace at a path. */
export interface PlaceInside {
  readonly path: string
  readonly iface: string
  /** Whose it is, in errors. */
  readonly whose: string
}

/** setns(2), by architecture: perl knows system calls by their numbers. */
const SETNS: Readonly<Record<string, number>> = { x64: 308, arm64: 268 }

/**
 * Reads a path and an interface, a line each, and prints `on`, `off`, or `-` for what it cannot say. 0x40000000 is CLONE_NEWNET; 0x8946
 * SIOCETHTOOL, whose argument is a struct ifreq (netdevice(7)): 16 bytes of name, and a pointer to struct ethtool_value; 0x16 is
 * ETHTOOL_GTXCSUM (linux/ethtool.h), which is what `ethtool -k` calls tx-checksumming.
 */
const SCRIPT = `
sub answer {
  my ($path, $iface) = @_;
  open(my $ns, "<", $path) or return "-";
  syscall($ARGV[0] + 0, fileno($ns), 0x40000000) == 0 or return "-";
  socket(my $socket, 2, 2, 0) or return "-";
  my $value = pack("L2", 0x16, 0);
  my $request = pack("a16 P x16", $iface, $value);
  ioctl($socket, 0x8946, $request) or return "-";
  return (unpack("L2", $value))[1] ? "on" : "off";
}
while (defined(my $path = <STDIN>)) {
  chomp($path, my $iface = <STDIN>);
  print answer($path, $iface), "\\n";
}
`

/**
 * Whether checksums of transmitted frames are left for hardware, for each in turn. A container that has ended meanwhile has nothing on.
 * Errors: those of openNetns but NamespaceMissing.
 */
export async function offloadsOn(run: Runner, places: readonly PlaceInside[]): Promise<readonly boolean[]> {
  const answers = await atOnce(run, places)
  return await sideBySide([...places.entries()], async ([i, place]) => {
    const answer = answers[i]
    return answer === 'on' || (answer !== 'off' && (await isOn(run, place)))
  })
}

/** The same of one. */
export async function isOn(run: Runner, { path, iface, whose }: PlaceInside): Promise<boolean> {
  try {
    using inside = openNetns(path, whose)
    const { stdout } = await run({ tool: 'ethtool', args: ['-k', iface], inside })
    return /^tx-checksumming: on$/m.test(stdout)
  } catch (error) {
    if (error instanceof CommandFailed || (error instanceof OvsdError && error.code === 'NamespaceMissing'))
      return false
    throw error
  }
}

/** What the script says, in the order of the places; nothing where there is no perl, or it cannot be had of it. */
async function atOnce(run: Runner, places: readonly PlaceInside[]): Promise<readonly string[]> {
  const setns = SETNS[process.arch]
  // One process for one container is no gain.
  if (setns === undefined || places.length < 2 || !canBeAsked(places)) return []
  const input = places.map(({ path, iface }) => `${path}\n${iface}\n`).join('')
  try {
    const { stdout } = await run({ tool: 'perl', args: ['-e', SCRIPT, String(setns)], input })
    return stdout.trimEnd().split('\n')
  } catch (error) {
    if (error instanceof ToolMissing || error instanceof CommandFailed) return []
    throw error
  }
}

/** The script takes lines. The host's own namespace is none of a container: openNetns says so. */
function canBeAsked(places: readonly PlaceInside[]): boolean {
  const own = netnsInode('/proc/self/ns/net')
  return places.every(({ path, iface }) => !(path + iface).includes('\n') && netnsInode(path) !== own)
}
