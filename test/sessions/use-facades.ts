/** One node for a test file, with facades beside it and an agent that repeats prompts; all are gone at the end of the file. */
import { afterAll, beforeAll } from 'vitest';
import { startAgent, type ScriptedAgent, type ScriptedRequest } from '../agents/scripted-agent.ts';
import { echo } from '../api/scripts.ts';
import { startNodeWithFacades, type NodeWithFacades } from '../rig/facades-beside.ts';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import type { Environment } from '../rig/test-node.ts';

export interface FacadesInUse {
  /** The node that lives on: a facade with a worker, unless its settings say otherwise. */
  readonly node: NodeWithFacades;
  /** The agent `echo`. It is registered if the node has a worker. */
  readonly echo: ScriptedAgent;
  /** Calls `echo` through the node. */
  readonly call: (session: string, prompt: string, headers?: Record<string, string>) => Promise<HttpAnswer>;
  /** Reads the session at the node. */
  readonly messagesOf: (session: string) => Promise<Json[]>;
  /** The texts of the session as the node reads it; `{ failed: text }` for the message of a failed call. */
  readonly textsOf: (session: string) => Promise<unknown[]>;
  /** The texts that `echo` got last. */
  readonly lastWindow: () => unknown[];
}

export const windowOf = (request: ScriptedRequest | undefined): unknown[] =>
  (request?.body as { messages: Json[] }).messages.map(({ content }) => content);

export function useFacades(environment: Environment = {}): FacadesInUse {
  let started: { node: NodeWithFacades; echo: ScriptedAgent } | undefined;
  const inUse = () => {
    if (!started) throw new Error('The node is there within tests only');
    return started;
  };
  beforeAll(async () => {
    started = { node: await startNodeWithFacades(environment), echo: await startAgent(echo) };
    const hasWorker = environment['HOLDFAST_EMBEDDED_WORKER'] !== 'off';
    if (hasWorker) await started.node.http.register('echo', started.echo.port);
  });
  afterAll(async () => {
    await started?.node.close();
    await started?.echo.close();
  });
  const messagesOf = async (session: string): Promise<Json[]> =>
    (await inUse().node.http.get(`/api/vps/sessions/${session}`)).body.messages as Json[];
  return {
    get node() {
      return inUse().node;
    },
    get echo() {
      return inUse().echo;
    },
    call: (session_id, prompt, headers) =>
      inUse().node.http.call({ agent_name: 'echo', prompt, session_id }, headers),
    messagesOf,
    textsOf: async (session) =>
      (await messagesOf(session)).map(({ content, failed }) =>
        failed === true ? { failed: content } : content,
      ),
    lastWindow: () => windowOf(inUse().echo.requests.at(-1)),
  };
}
