/** The means of a scenario: a node of its own, agents, calls, and workers that can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { packageRoot } from '../../src/platform/paths.ts';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { startTestNode, type Environment } from '../rig/test-node.ts';

const { EventType } = proto.temporal.api.enums.v1;

export interface Stage {
  readonly http: HttpClient;
  readonly temporal: Client;
  /** Registers an agent that behaves as the script says. */
  readonly agent: (name: string, script: Script, config?: Json) => Promise<ScriptedAgent>;
  /** Starts a call without waiting for its end. Returns its id. */
  readonly start: (body: Json) => Promise<string>;
  /** Waits until the call has ended. */
  readonly end: (callId: string) => Promise<void>;
  /** Waits until the workflow's history has this many events of this kind. */
  readonly happened: (workflowId: string, event: keyof typeof EventType, times?: number) => Promise<void>;
  /** Starts a worker in a process of its own. Resolves when it is ready. */
  readonly worker: () => Promise<ChildProcess>;
  readonly close: () => Promise<void>;
}

const patienceMs = 30_000;

/** `close` replays every history that was made on the node. */
export async function openStage(settings: Environment = {}): Promise<Stage> {
  const test = await startTestNode(settings);
  const agents: ScriptedAgent[] = [];
  const workers: ChildProcess[] = [];
  const { http, temporal } = test;
  return {
    http,
    temporal,
    async agent(name, script, config) {
      const agent = await startAgent(script);
      agents.push(agent);
      await http.register(name, agent.port, config);
      return agent;
    },
    async start(body) {
      const answer = await http.call(body, { Prefer: 'respond-async' });
      if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
      return String(answer.body.call_id);
    },
    async end(callId) {
      await temporal.workflow
        .getHandle(`call-${callId}`)
        .result()
        .catch(() => undefined);
    },
    async happened(workflowId, event, times = 1) {
      const giveUpAt = Date.now() + patienceMs;
      for (;;) {
        const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
        const found = events?.filter(({ eventType }) => eventType === EventType[event]) ?? [];
        if (found.length >= times) return;
        if (Date.now() > giveUpAt) throw new Error(`${workflowId} has ${found.length} of ${event}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async worker() {
      const { PATH = '', HOME = '' } = process.env;
      const place = { HOLDFAST_DATA_DIR: test.dataDir, HOLDFAST_DRAIN_SECONDS: '0' };
      const worker = spawn(process.execPath, [join(packageRoot, 'dist', 'worker.js')], {
        env: { PATH, HOME, ...place, TEMPORAL_ADDRESS: test.node.temporalAddress },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      workers.push(worker);
      await once(worker.stdout, 'data'); // The first line says that it is ready.
      return worker;
    },
    async close() {
      await test.close();
      for (const worker of workers) worker.kill('SIGKILL');
      await Promise.all(agents.map((agent) => agent.close()));
    },
  };
}
