/** One node for a test file, with its scripted agents; all are gone at the end of the file. */
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll } from 'vitest';
import { startAgent, type Script, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { startTestNode, type Environment, type TestNode } from '../rig/test-node.ts';

export interface NodeInUse {
  readonly http: HttpClient;
  readonly temporal: Client;
  readonly dataDir: string;
  /** Starts an agent and registers it. */
  agent(name: string, script: Script, registration?: Json): Promise<ScriptedAgent>;
}

export function useNode(environment: Environment = {}): NodeInUse {
  let started: TestNode | undefined;
  const agents: ScriptedAgent[] = [];
  const node = (): TestNode => {
    if (!started) throw new Error('The node is there within tests only');
    return started;
  };
  beforeAll(async () => {
    started = await startTestNode(environment);
  });
  afterAll(async () => {
    await started?.close();
    await Promise.all(agents.map((agent) => agent.close()));
  });
  return {
    get http() {
      return node().http;
    },
    get temporal() {
      return node().temporal;
    },
    get dataDir() {
      return node().dataDir;
    },
    async agent(name, script, registration = {}) {
      const agent = await startAgent(script);
      agents.push(agent);
      await node().http.register(name, agent.port, registration);
      return agent;
    },
  };
}
