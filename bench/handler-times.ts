/** What the product itself says its handlers took: the mean, from its Prometheus histogram. */
import { read, type Product } from './product.ts';

interface Total {
  readonly seconds: number;
  readonly requests: number;
}

export type HandlerTotals = ReadonlyMap<string, Total>;

const line = /^http_server_request_duration_seconds_(sum|count)\{(.*)\} (\S+)$/gm;

/** By method and route, answers of 2xx alone. */
export async function handlerTotals(product: Product): Promise<HandlerTotals> {
  return parseTotals(await read(product, '/metrics'));
}

export function parseTotals(text: string): HandlerTotals {
  const totals = new Map<string, { seconds: number; requests: number }>();
  for (const [, what, labels = '', value] of text.matchAll(line)) {
    const label = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (!label('http_response_status_code').startsWith('2')) continue;
    const key = `${label('http_request_method')} ${label('http_route')}`;
    const total = totals.get(key) ?? { seconds: 0, requests: 0 };
    total[what === 'sum' ? 'seconds' : 'requests'] += Number(value);
    totals.set(key, total);
  }
  return totals;
}

/** Mean in ms between two readings; NaN where nothing was asked. */
export function meanMs(before: HandlerTotals, after: HandlerTotals, route: string): number {
  const zero: Total = { seconds: 0, requests: 0 };
  const [first, last] = [before.get(route) ?? zero, after.get(route) ?? zero];
  return ((last.seconds - first.seconds) * 1_000) / (last.requests - first.requests);
}
