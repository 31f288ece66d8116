// Images with OVN, made of this machine's own files: there is no network in a private host.
import { fileURLToPath } from 'node:url'
import { DEFAULT_IMAGE } from '../../src/lib/ovn/container/names.ts'
import { tool } from './tool.ts'

/** What a base has that has OVN: a shell with the usual small tools, and the programs of ovn-central. */
const PROGRAMS = [
  ...['ovsdb-server', 'ovsdb-tool', 'ovsdb-client', 'ovs-appctl', 'ovn-appctl'],
  ...['ovn-northd', 'ovn-nbctl', 'ovn-sbctl'],
]

// cp -L: libraries are links, and ldd names them by the path at which they are looked for.
const IMPORT = `
root=$(mktemp -d)
trap 'rm -r "$root"' EXIT
# It becomes the root of the image, where others than root have to get in too.
chmod 755 "$root"
mkdir -p "$root/bin" "$root/etc" "$root/run" "$root/tmp" "$root/var/lib" "$root/usr/share/ovn"
chmod 1777 "$root/tmp"
ln -s /run "$root/var/run"
cp "$(command -v busybox)" "$root/bin/busybox"
chroot "$root" /bin/busybox --install -s /bin
cp /usr/share/ovn/ovn-nb.ovsschema /usr/share/ovn/ovn-sb.ovsschema "$root/usr/share/ovn"
for program in "$@"; do
  path=$(readlink -f "$(command -v "$program")")
  cp "$path" "$root/bin/$program"
  ldd "$path" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root\${library%/*}"
    cp -L "$library" "$root$library"
  done
done
tar -C "$root" -c . | docker import - ovn-base >/dev/null
`

/** The folder that the image is built from. */
export const IMAGE_FOLDER = fileURLToPath(new URL('../../packaging/ovn-central', import.meta.url))

export interface TestImage extends Disposable {
  readonly name: string
}

/** An image that central's can be built on without a network; gone at the end of a `using` block, with all built on it. */
export function ovnBase(): TestImage {
  tool('sh', '-ec', IMPORT, 'sh', ...PROGRAMS)
  return {
    name: 'ovn-base',
    [Symbol.dispose]() {
      const ours = tool('docker', 'images', '--all', '--quiet', '--filter', 'label=ovsd.central').split('\n')
      for (const id of new Set(ours.filter((one) => one !== '')))
        // Some go with others.
        tool('sh', '-c', `docker image rm --force ${id} >/dev/null 2>&1 || :`)
      tool('docker', 'image', 'rm', 'ovn-base')
    },
  }
}

/** Central's image, built on a base as ovsd does it. */
export function ovnImage(base: TestImage, name = DEFAULT_IMAGE): TestImage {
  tool('docker', 'build', '--quiet', '--build-arg', `BASE=${base.name}`, '--tag', name, IMAGE_FOLDER)
  return { name, [Symbol.dispose]: () => void tool('docker', 'image', 'rm', '--force', name) }
}
