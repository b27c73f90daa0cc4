/**
 * Which addresses webhooks may reach. `checkTarget` checks a URL, `refusedTargetKind` an address at the time of connecting.
 *
 * 1. What agents may not reach either (metadata services, link-local addresses...) is refused, whatever the rules say.
 * 2. What an allow rule names is allowed. On the ports of Holdfast and Temporal this takes a rule that names the port.
 * 3. Public addresses are allowed.
 * 4. If the rules allow loopback, it is allowed, but not on the ports of Holdfast and Temporal.
 * 5. Everything else is refused.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { checkHost } from '../agents/http/address-guard.ts';
import { isPublicAddress, refusedAddressKind } from '../agents/http/refused-addresses.ts';
import { ruleNames, type AllowRule } from './allow-list.ts';

export interface TargetRules {
  readonly allow: readonly AllowRule[];
  readonly allowsLoopback: boolean;
  /** Ports of Holdfast and Temporal. On addresses that are not public only an allow rule with the port opens them. */
  readonly refusedPorts: readonly number[];
}

/** The result of `checkTarget`. `reason` is a sentence that says what to change, for the caller of the API. */
export type TargetCheck =
  | { readonly ok: true; /** Normalised. */ readonly url: URL }
  | { readonly ok: false; readonly reason: string };

/** Where a request goes. */
export interface Destination {
  /** A name or an IP address, canonical and without brackets. */
  readonly host: string;
  readonly port: number;
}

const maxUrlLength = 2_048;

/** Checks the URL of a receiver. A name is not resolved: its addresses are checked at each connect. */
export function checkTarget(text: string, rules: TargetRules): TargetCheck {
  if (text.length > maxUrlLength) return refuse(`The URL may have at most ${maxUrlLength} characters`);
  if (/[\s\p{Cc}]/u.test(text))
    return refuse('The URL contains white space or control characters: encode them');
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    return refuse('The URL must be an http or https URL such as https://crm.example.com/hooks');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    return refuse('The URL must not contain credentials: the receiver checks the signature instead');
  if (text.includes('#')) return refuse('The URL must not contain a fragment: leave out what follows the #');
  if (url.port === '0') return refuse('Nothing listens on port 0');
  const check = checkHost(url.hostname);
  if (!check.ok) return refuse(`${check.reason}: no webhook can go there`);
  const { host } = check;
  url.hostname = isIP(host) === 6 ? `[${host}]` : host;
  const address = knownAddress(host);
  const destination = { host, port: portOf(url) };
  const kind = address === undefined ? undefined : refusedTargetKind(destination, address, rules);
  return kind === undefined ? { ok: true, url } : refuse(`${host} is ${kind}`);
}

/** Where a request to the URL goes. */
export function destinationOf(url: URL): Destination {
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: portOf(url) };
}

/**
 * Returns why no request may go to the destination at this address, as the end of a sentence that begins with "it is";
 * undefined if it may.
 */
export function refusedTargetKind(
  { host, port }: Destination,
  address: string,
  { allow, allowsLoopback, refusedPorts }: TargetRules,
): string | undefined {
  const always = refusedAddressKind(address);
  if (always !== undefined) return always;
  const ownPort = refusedPorts.includes(port);
  const opens = (rule: AllowRule): boolean =>
    (rule.port === undefined ? !ownPort : rule.port === port) && ruleNames(rule, host, address);
  if (allow.some(opens) || isPublicAddress(address)) return undefined;
  if (!allowsLoopback || ipaddr.process(address).range() !== 'loopback')
    return 'not a public address: HOLDFAST_WEBHOOK_ALLOW must name the host, address or range';
  return ownPort
    ? `on this machine, and port ${port} is one of Holdfast or Temporal: use another`
    : undefined;
}

/** The address of a host that needs no lookup. */
function knownAddress(host: string): string | undefined {
  if (isIP(host) !== 0) return host;
  return host === 'localhost' || host.endsWith('.localhost') ? '127.0.0.1' : undefined;
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function refuse(reason: string): TargetCheck {
  return { ok: false, reason };
}
