/** The settings HOLDFAST_WEBHOOK_*: how webhooks are delivered, and where they may go. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseAllowList } from '../receivers/allow-list.ts';
import type { TargetRules } from '../receivers/target.ts';
import { embeddedPorts } from './embedded/ports-beside.ts';
import { isLoopback } from './loopback.ts';
import { StartupError } from './startup-error.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const allowSetting = z
  .string()
  .max(4_000, 'takes at most 4,000 characters')
  .superRefine((text, context) => {
    try {
      parseAllowList(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  })
  .default('');

/** What the rules for targets depend on. `temporalAddress` is `TEMPORAL_ADDRESS`; undefined for the embedded server. */
interface Place {
  readonly allow: string;
  readonly host: string;
  readonly publicOrigins: readonly string[];
  readonly temporalAddress: string | undefined;
  /** Ports of this machine that the settings name. 0 stands for none. */
  readonly ports: readonly number[];
}

/**
 * Returns where webhooks may go. Loopback is for development: it is allowed only where nothing points to another machine, that
 * is, HOLDFAST_HOST and TEMPORAL_ADDRESS are loopback if they are set, and there is no HOLDFAST_PUBLIC_ORIGIN (a proxy in
 * front). Facades and workers follow this same rule, so those of one development machine agree, and those of a cluster are
 * closed. `besideTemporal` adds what is known only at run time.
 */
export function toTargetRules({ allow, host, publicOrigins, temporalAddress, ports }: Place): TargetRules {
  const rules = {
    allow: parseAllowList(allow),
    allowsLoopback: isLoopback(host) && publicOrigins.length === 0,
    refusedPorts: [...new Set(ports)].filter((port) => port !== 0),
  };
  return temporalAddress === undefined ? rules : besideTemporal(rules, { address: temporalAddress });
}

/**
 * Returns the rules for a process that is connected to this Temporal server. A profile of Temporal's config file may have named
 * it, and ports may have been picked at the start: `ports` are asked for at each check, because they may change.
 */
export function besideTemporal(
  rules: TargetRules,
  { address, ports = () => [] }: { readonly address: string; readonly ports?: () => readonly number[] },
): TargetRules {
  const { host, port } = splitAddress(address);
  return {
    allow: rules.allow,
    allowsLoopback: rules.allowsLoopback && isLoopback(host),
    get refusedPorts() {
      return [...new Set([...rules.refusedPorts, ...embeddedPorts(port), ...ports()])];
    },
  };
}

/** A short hash of the list, to compare nodes by: their cards have room for few settings. Blank for an empty list. */
export function allowFingerprint(text: string): string {
  const rules = parseAllowList(text).map((rule) => JSON.stringify(rule));
  return rules.length === 0
    ? ''
    : createHash('sha256').update(rules.sort().join()).digest('base64url').slice(0, 11);
}

/** An event that waits for its receiver is read from the log of endings. Throws `StartupError` if the log forgets it first. */
export function checkRetryTime(retryMs: number, endingsKeptMs: number): void {
  if (endingsKeptMs >= retryMs + dayMs) return;
  const [days, hours] = [Math.ceil(retryMs / dayMs) + 1, (endingsKeptMs - dayMs) / hourMs];
  const orLess = hours > 0 ? `, or HOLDFAST_WEBHOOK_RETRY_HOURS to at most ${hours}` : '';
  throw new StartupError(
    `HOLDFAST_ENDINGS_DAYS must be a day more than HOLDFAST_WEBHOOK_RETRY_HOURS: set HOLDFAST_ENDINGS_DAYS to ${days} or more${orLess}`,
  );
}

/**
 * What an event of a call has is read from Temporal whenever it is sent. Returns a warning if Temporal forgets it before its last
 * try. `retentionMs` is undefined where it is not known.
 */
export function retryTimeWarning(retryMs: number, retentionMs: number | undefined): string | undefined {
  if (retentionMs === undefined || retentionMs >= retryMs) return undefined;
  const [retry, kept] = [retryMs / hourMs, Math.floor(retentionMs / hourMs)];
  return `Temporal keeps ended calls for ${kept} h, and events of webhooks and callbacks are tried for ${retry} h (HOLDFAST_WEBHOOK_RETRY_HOURS): those that wait for longer than ${kept} h are dropped. Set a longer retention of the namespace, or HOLDFAST_WEBHOOK_RETRY_HOURS to at most ${kept}`;
}

/** Splits `host:port`, with brackets for IPv6. Temporal's default port is 7233. */
function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const [, host = address, port = '7233'] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  return { host, port: Number(port) };
}
