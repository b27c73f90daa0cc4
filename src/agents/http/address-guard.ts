import { isIP } from 'node:net';
import { isMetadataName, refusedAddressKind } from './refused-addresses.ts';

/** The result of `checkHost`. `reason` is a sentence for the caller of the API. */
export type HostCheck =
  | { readonly ok: true; /** Canonical: lower case, no brackets, no trailing dot. */ readonly host: string }
  | { readonly ok: false; readonly reason: string };

const maxHostLength = 253;

/**
 * Checks whether an agent may be at `host`: a name, or an IP address in any spelling that a resolver would understand.
 * Names are not resolved here: `createGuardedLookup` checks their addresses when connecting.
 */
export function checkHost(host: string): HostCheck {
  const problem = shapeProblem(host);
  if (problem !== undefined) return refuse(problem);
  const canonical = canonicalHost(host);
  if (canonical === undefined) return refuse('The host is neither a host name nor an IP address');
  if (isIP(canonical) !== 0) {
    const kind = refusedAddressKind(canonical);
    return kind === undefined ? { ok: true, host: canonical } : refuse(`${canonical} is ${kind}`);
  }
  if (canonical.length > maxHostLength) return refuse(tooLong);
  if (!canonical.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label)))
    return refuse('Each part of a host name has 1 to 63 letters, digits, hyphens or underscores');
  if (isMetadataName(canonical)) return refuse(`${canonical} is a cloud metadata service`);
  return { ok: true, host: canonical };
}

/** True for link-local, unspecified, multicast, broadcast and metadata addresses, and for IPv6 that embeds one. */
export function isRefusedAddress(ip: string): boolean {
  return refusedAddressKind(ip) !== undefined;
}

const tooLong = `A host has at most ${maxHostLength} characters`;

/**
 * Returns why the text cannot be a host; undefined if it may be one. This check comes before the URL parser, which would drop
 * tabs and split off a path.
 */
function shapeProblem(host: string): string | undefined {
  if (host === '') return 'The host is empty';
  if (host.length > maxHostLength) return tooLong;
  if (/[\s\p{Cc}]/u.test(host)) return 'The host contains white space or control characters';
  if (host.includes('@')) return 'The host must not contain credentials; give them as auth_token';
  if (/[/\\?#]/.test(host))
    return 'The host must not contain a protocol or a path; they have fields of their own';
  if (isBareIpv6(host) || /^\[[^\]]*\]?$/.test(host))
    return host.includes('%') ? 'Addresses with a zone id are not supported' : undefined;
  return host.includes(':') ? 'The host must not contain a port; it has a field of its own' : undefined;
}

function isBareIpv6(host: string): boolean {
  return !host.startsWith('[') && host.indexOf(':') !== host.lastIndexOf(':');
}

/**
 * Normalises a host with the WHATWG URL parser: IPv4 in decimal, hex or octal, percent-encoding, full width, IDNA. Undefined if
 * the parser rejects it.
 */
function canonicalHost(host: string): string | undefined {
  try {
    const { hostname } = new URL(`http://${isBareIpv6(host) ? `[${host}]` : host}`);
    return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  } catch {
    return undefined;
  }
}

function refuse(reason: string): HostCheck {
  return { ok: false, reason };
}
