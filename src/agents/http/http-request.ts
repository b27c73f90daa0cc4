import type { Dispatcher } from 'undici';
import type { AgentConfig } from '../../domain/agent.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { checkedUrl } from './checked-url.ts';
import { StaleConnectionError } from './kept-connection.ts';
import type { Pools } from './pools.ts';
import { requestFailure } from './request-failure.ts';

/** A request to an agent, without its address. `path` may have a query. */
export interface HttpRequest {
  readonly method: 'POST' | 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Sends one request to an agent and returns the result of `read` for its response. If the request went out on an idle
 * connection that the agent was just closing, it is sent once more on a new connection (ADR 0025). Throws `AgentError` if the
 * connection fails, and the signal's reason once that is aborted.
 */
export async function httpRequest<T>(
  pools: Pools,
  agent: AgentConfig,
  signal: AbortSignal,
  { path, ...rest }: HttpRequest,
  read: (response: Dispatcher.ResponseData) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const url = checkedUrl(agent);
  const { origin, pathname, search } = new URL(`${url}${path.startsWith('/') ? '' : '/'}${path}`);
  const request = { ...rest, origin, path: pathname + search, signal };
  const response = pools.kept.request(request).catch((error: unknown) => {
    if (!(error instanceof StaleConnectionError) || signal.aborted) throw error;
    return pools.fresh.request(request);
  });
  try {
    return await untilAborted(signal, response.then(read));
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, url);
  }
}
