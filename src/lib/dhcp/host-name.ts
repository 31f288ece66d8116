/** The most characters of one label of a domain name (RFC 1035, section 2.3.4). */
const LONGEST = 63

/**
 * What a container is called towards a DHCP server, which may put it into the DNS: its name, as far as host names can be
 * like it. A name that has nothing to offer gives "container".
 */
export function hostNameFor(container: string): string {
  const name = container
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replaceAll(/^-+|-+$/g, '')
  return name === '' ? 'container' : name
}
