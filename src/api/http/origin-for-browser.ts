import type { Request } from 'express';
import { isLoopback } from '../../platform/loopback.ts';

interface Settings {
  readonly host: string;
  readonly publicOrigins: readonly string[];
}

/**
 * Returns the origin at which the browser finds this node: the public origin with the request's Host, or else the first one.
 * Without any, the node is on loopback; a Host of another name does not count.
 */
export function originForBrowser(request: Request, { host, publicOrigins }: Settings): string {
  const seen = /^[\w.:[\]-]+$/.exec(request.headers.host ?? '')?.[0] ?? '';
  const [first] = publicOrigins;
  if (first !== undefined)
    return publicOrigins.find((one) => one === originOf(`${new URL(one).protocol}//${seen}`)) ?? first;
  const origin = originOf(`http://${seen}`);
  const isOwn = origin !== undefined && isLoopback(new URL(origin).hostname.replace(/^\[|\]$/g, ''));
  const address = host.includes(':') ? `[${host}]` : host;
  return isOwn ? origin : `http://${address}:${request.socket.localPort ?? 80}`;
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
