import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { checkHost } from '../agents/http/address-guard.ts';
import { refusedAddressKind } from '../agents/http/refused-addresses.ts';

/** An exception to what webhooks may not reach. It applies to all ports if it names none. */
export type AllowRule = { readonly port: number | undefined } & (
  | { readonly kind: 'name'; /** In lower case. Its subdomains are not meant. */ readonly name: string }
  | {
      readonly kind: 'range';
      /** In CIDR notation. A single address is a range too. */ readonly range: string;
    }
);

/**
 * Parses `HOLDFAST_WEBHOOK_ALLOW`: host names, IP addresses and CIDR ranges, separated by commas, each with an optional port.
 * An IPv6 address with a port is in brackets. Throws an `Error` that names the first wrong entry.
 */
export function parseAllowList(text: string): AllowRule[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry, index) => {
      try {
        return parseRule(entry);
      } catch (error) {
        throw new Error(`entry ${index + 1} ('${entry}'): ${(error as Error).message}`, { cause: error });
      }
    });
}

/** Whether the rule is about this name or address. `host` and `address` are canonical; `address` is undefined for a name. */
export function ruleNames(rule: AllowRule, host: string, address: string | undefined): boolean {
  if (rule.kind === 'name') return rule.name === host;
  if (address === undefined) return false;
  const ip = ipaddr.process(address);
  const [network, bits] = ipaddr.parseCIDR(rule.range);
  return ip.kind() === network.kind() && ip.match(network, bits);
}

const isBareIpv6 = /^[^[\]]*:[^[\]]*:/;
const parts = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/;

function parseRule(entry: string): AllowRule {
  if (entry.includes('://'))
    throw new Error('takes a host, and not a URL: leave the protocol and the path out');
  const [, bracketed, plain, digits] = isBareIpv6.test(entry) ? [entry, entry] : (parts.exec(entry) ?? []);
  const host = bracketed ?? plain;
  if (host === undefined)
    throw new Error('takes a host name, an IP address or a range, each with an optional :port');
  const port = digits === undefined ? undefined : Number(digits);
  if (port === 0 || (port ?? 1) > 65_535) throw new Error('takes a port from 1 to 65535');
  if (host.includes('/')) return { kind: 'range', range: parseRange(host), port };
  const check = checkHost(host);
  if (!check.ok) throw new Error(check.reason);
  if (isIP(check.host) === 0) return { kind: 'name', name: check.host, port };
  const address = ipaddr.process(check.host);
  return { kind: 'range', range: `${address.toString()}/${address.kind() === 'ipv4' ? 32 : 128}`, port };
}

/** Ranges shorter than this hold more than one kind of address, so that one which may be allowed may be among them. */
const oneKindBits = 8;

function parseRange(text: string): string {
  if (!ipaddr.isValidCIDR(text)) throw new Error('is no range like 10.0.0.0/8 or fd00::/8');
  const [network, bits] = ipaddr.parseCIDR(text);
  const kind = refusedAddressKind(network.toString());
  if (kind !== undefined && bits >= oneKindBits)
    throw new Error(`${network.toString()} is ${kind}, which no entry allows`);
  return `${network.toString()}/${bits}`;
}
