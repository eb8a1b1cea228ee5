import ipaddr from 'ipaddr.js';

/** `public`: the open internet alone; `loopback`: this machine as well, for trying out and for tests. */
export type ReceiverPlaces = 'public' | 'loopback';

/** IPv6 in use on the internet: everything handed out so far begins with the bits 001 (RFC 4291 section 2.4). */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];
/** A cloud's machines reach their host's agent, with its keys, at this address, which is otherwise a public one. */
const CLOUD_AGENT = '168.63.129.16';

/**
 * Whether a receiver may be connected to at this address, an IPv4 or IPv6 address in its usual form. Everything is refused
 * that does not lie on the open internet: private, loopback, link-local, shared (RFC 6598), multicast, reserved and
 * unspecified addresses, addresses of clouds' own services, and every IPv6 form that carries an IPv4 address in it
 * (mapped, NAT64, 6to4, Teredo, ISATAP), whatever that address is.
 */
export function isReceiverAddress(text: string, places: ReceiverPlaces): boolean {
  const address = parse(text);
  if (address === undefined) return false;
  if (places === 'loopback' && address.range() === 'loopback') return true;
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv4) return address.toString() !== CLOUD_AGENT;
  return address.match(GLOBAL_UNICAST) && !isIsatap(address);
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // Only four decimal parts are IPv4 here: the library would also read octal, hexadecimal and short forms.
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text);
}

/** RFC 5214 section 6.1: the interface identifier 0000:5efe or 0200:5efe is followed by an IPv4 address. */
function isIsatap(address: ipaddr.IPv6): boolean {
  const [high, low] = [address.parts[4] ?? 0, address.parts[5] ?? 0];
  return (high & 0xfdff) === 0 && low === 0x5efe;
}
