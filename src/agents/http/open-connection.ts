import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { AgentConfig } from '../../domain/agent.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { checkedUrl } from './checked-url.ts';
import { requestFailure } from './request-failure.ts';

/** Opens a connection to the agent and closes it, without a request. Throws `AgentError`, or the signal's reason. */
export async function openConnection(
  connector: buildConnector.connector,
  agent: AgentConfig,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const url = checkedUrl(agent);
  const { hostname, protocol, port } = new URL(url);
  const opening = new Promise<Socket>((resolve, reject) => {
    connector({ hostname, protocol, port }, (error, socket) => (socket ? resolve(socket) : reject(error)));
  });
  // A connection that opens only after the signal was aborted is closed too.
  const closed = opening.then((socket) => void socket.destroy());
  try {
    await untilAborted(signal, closed);
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, url);
  }
}
