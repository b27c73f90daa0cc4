/** Protects against CSRF: a web page of another origin must not make its visitor's browser change anything here. */
import type { Request } from 'express';
import { Refusal } from '../../domain/failures.ts';

const changesNothing = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a request that a web page of another origin makes. Browsers send the page's `Origin` with every request that changes
 * something. `Sec-Fetch-Site` is not enough, because they send it only to HTTPS and loopback addresses. Clients other than
 * browsers send neither. Throws the refusal `cross_site`.
 */
export function refuseOtherSites(request: Request, publicOrigins: readonly string[]): void {
  if (changesNothing.has(request.method)) return;
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site === 'cross-site' || site === 'same-site') throw crossSite('this request comes from another site');
  if (origin === undefined || publicOrigins.includes(origin)) return;
  const own = ownOrigin(request);
  if (origin !== own)
    throw crossSite(
      `the page's Origin is '${origin}', this node's is '${own ?? 'unknown'}'${publicOrigins.map((one) => ` or '${one}'`).join('')}; ${whatToDo(publicOrigins)}`,
    );
}

function whatToDo(publicOrigins: readonly string[]): string {
  return publicOrigins.length === 0
    ? 'behind a proxy name the one that browsers see in HOLDFAST_PUBLIC_ORIGIN'
    : `HOLDFAST_PUBLIC_ORIGIN is '${publicOrigins.join(',')}': if the page is this node's own desk, add its Origin there`;
}

/**
 * Returns this node's origin as a browser writes it: in lower case, without the default port. Undefined unless the request has
 * exactly one Host.
 */
function ownOrigin(request: Request): string | undefined {
  const [host = '', ...more] = request.headersDistinct.host ?? [];
  const url = `http://${host}`;
  if (more.length > 0 || !/^[^\s/?#@\\]+$/.test(host) || !URL.canParse(url)) return undefined;
  return new URL(url).origin;
}

function crossSite(why: string): Refusal {
  return new Refusal('cross_site', `Only this node's own web pages may change anything: ${why}`);
}
