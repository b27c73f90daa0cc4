/** A web page elsewhere may not make a visitor's browser change anything here (CSRF). */
import type { Request } from 'express';
import { Refusal } from '../../domain/failures.ts';

const changesNothing = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Browsers name the page's origin in every request that changes something. Their `Sec-Fetch-Site` is no help by itself:
 * they send it to HTTPS and loopback alone. Clients that are no browsers send neither. Throws the refusal `cross_site`.
 */
export function refuseOtherSites(request: Request, publicOrigins: readonly string[]): void {
  if (changesNothing.has(request.method)) return;
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site === 'cross-site' || site === 'same-site') throw crossSite('those of other sites are not taken');
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

/** As a browser writes it: without a default port, in lower case. Undefined unless the request has one Host. */
function ownOrigin(request: Request): string | undefined {
  const [host = '', ...more] = request.headersDistinct.host ?? [];
  const url = `http://${host}`;
  if (more.length > 0 || !/^[^\s/?#@\\]+$/.test(host) || !URL.canParse(url)) return undefined;
  return new URL(url).origin;
}

function crossSite(why: string): Refusal {
  return new Refusal('cross_site', `Web pages change things here only if they are this node's own: ${why}`);
}
