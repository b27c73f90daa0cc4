/** Nodes, workers and agents for the tests that kill. */
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { expect, onTestFinished } from 'vitest';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { ProductProcess, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

export async function place(extra: Environment = {}) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

export async function agentOf(script: Script): Promise<ScriptedAgent> {
  const agent = await startAgent(script);
  onTestFinished(() => agent.close());
  return agent;
}

/** Answers only once `open` was called; until then it hangs, so that its askers can be killed. */
export async function gatedAgent() {
  let open = false;
  const agent = await agentOf(({ body }) => {
    if (!open) return { hang: true };
    const { messages } = body as { messages: { content: string }[] };
    return { body: { content: `re: ${messages.at(-1)?.content ?? ''}` } };
  });
  return { agent, open: () => (open = true) };
}

/** The server itself, not the shell that watches it. */
export function temporalPidOf({ HOLDFAST_DATA_DIR = '' }: Environment): number {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const line = lines.find(
    (one) => one.includes(`${HOLDFAST_DATA_DIR}/temporal.db`) && !one.includes('/bin/sh'),
  );
  return Number(line?.trim().split(' ')[0]);
}

/** A facade that runs no worker, and how to start workers beside it. All get the `extra` settings. */
export async function startCluster(extra: Environment = {}) {
  const shared = { ...(await clusterSettings()), ...extra };
  const facade = await startNodeProcess(await place({ ...shared, HOLDFAST_EMBEDDED_WORKER: 'off' }));
  const startWorker = async (): Promise<ProductProcess> => {
    const address = { TEMPORAL_ADDRESS: facade.temporalAddress, HOLDFAST_LOG_LEVEL: 'info' };
    const worker = new ProductProcess('worker.js', { ...(await place(shared)), ...address });
    await worker.printed(/Worker is ready/);
    return worker;
  };
  return { facade, startWorker };
}

export const startAsync = async (http: HttpClient, body: Json): Promise<string> => {
  const answer = await http.call(body, { Prefer: 'respond-async' });
  expect(answer.status).toBe(202);
  return String(answer.body.call_id);
};

export const describeCall = async (http: HttpClient, id: string): Promise<Json> =>
  (await http.get(`/api/vps/calls/${id}`)).body;

export const ended = async (http: HttpClient, ids: readonly string[]): Promise<number> => {
  const all = await Promise.all(ids.map((id) => describeCall(http, id)));
  return all.filter((call) => call.status !== 'running').length;
};
