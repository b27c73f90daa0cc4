/** Each scenario is one path through a workflow. `npm run histories` records them, CI replays the recorded histories. */
import { setTimeout as delay } from 'node:timers/promises';
import { rerunIdOf } from '../../src/domain/hashed-ids.ts';
import { noteStatesSignal, reportOutcomesSignal } from '../../src/workflows/messages.ts';
import type { Script } from '../agents/scripted-agent.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { firstTaskScenarios } from './first-task-scenarios.ts';
import { answer, callOf, shortDeadline, type Scenario } from './scenario.ts';
import { sessionScenarios } from './session-scenarios.ts';
import { turnScenarios } from './turn-scenarios.ts';

export type { Scenario };

/** The signal ends the worker that asks; another worker takes over. */
const workerEndedBy = (name: string, signal: NodeJS.Signals): Scenario => ({
  name,
  settings: { HOLDFAST_EMBEDDED_WORKER: 'off' },
  run: async ({ agent, start, end, worker }) => {
    const first = await worker();
    const silent: Script = ({ attempt }) =>
      attempt === 1 ? { hang: true } : { body: { content: 'at last' } };
    const asked = await agent('asked-again', silent, { max_retries: 0 });
    const callId = await start({ agent_name: 'asked-again', prompt: 'a question' });
    await asked.waitForRequests(1);
    first.kill(signal);
    await worker();
    await end(callId);
    return `call-${callId}`;
  },
});

/** Calls without the first-task path: the activity asks from the start. */
const byTheActivity: readonly Scenario[] = [
  callOf('success', answer),
  callOf('retried', ({ attempt }) => (attempt === 1 ? { status: 500 } : { body: { content: 'again' } }), {
    max_retries: 1,
  }),
  callOf('failed-timeout', () => ({ hang: true }), { timeout_seconds: 0.3 }),
  callOf('failed-connection', () => ({ reset: true })),
  callOf('failed-rate-limit', () => ({ status: 429 })),
  callOf('failed-model-error', () => ({ status: 500 })),
  callOf('failed-auth', () => ({ status: 401 })),
  callOf('failed-invalid-request', () => ({ status: 400 })),
  callOf('failed-invalid-response', () => ({ body: {} })),
  callOf('failed-payload-too-large', () => ({ body: { content: 'x'.repeat(4_300_000) } })),
  callOf('failed-unknown', () => ({ status: 999 })),
  callOf('deadline', () => ({ hang: true }), {}, { deadline_seconds: 1.5 }),
  shortDeadline('short-deadline'),
  {
    name: 'failover',
    run: async ({ agent, start, end }) => {
      await agent('last-resort', answer);
      await agent('first-choice', () => ({ status: 503 }), {
        max_retries: 0,
        fallback_agents: ['unregistered', 'last-resort'],
      });
      const callId = await start({ agent_name: 'first-choice', prompt: 'a question' });
      await end(callId);
      return `call-${callId}`;
    },
  },
  {
    name: 'waits-for-paused',
    run: async ({ agent, start, end, http, happened }) => {
      await agent('paused', answer);
      await http.post('/api/vps/agents/paused/pause', { new_calls: 'wait' });
      const callId = await start({ agent_name: 'paused', prompt: 'a question' });
      await happened(`call-${callId}`, 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED', 2);
      await http.post('/api/vps/agents/paused/resume');
      await end(callId);
      return `call-${callId}`;
    },
  },
  {
    name: 'passes-over-paused',
    run: async ({ agent, start, end, http }) => {
      await agent('in-rotation', answer);
      await agent('paused', answer, { fallback_agents: ['in-rotation'] });
      await http.post('/api/vps/agents/paused/pause', { reason: 'a new model is rolled out' });
      const callId = await start({ agent_name: 'paused', prompt: 'a question' });
      await end(callId);
      return `call-${callId}`;
    },
  },
  workerEndedBy('worker-stopped', 'SIGTERM'),
  workerEndedBy('worker-killed', 'SIGKILL'),
  {
    name: 'rerun',
    run: async ({ agent, start, end, http }) => {
      await agent('rerun', ({ attempt }) =>
        attempt === 1 ? { status: 400 } : { body: { content: 'mended' } },
      );
      const callId = await start({ agent_name: 'rerun', prompt: 'a question' });
      await end(callId);
      const { body } = await http.post(`/api/vps/calls/${callId}/rerun`);
      await end(String(body.call_id));
      return `call-${String(body.call_id)}`;
    },
  },
  {
    name: 'rerun-batch',
    run: async ({ agent, start, end, http, temporal }) => {
      await agent('mended', ({ attempt }) =>
        attempt <= 3 ? { status: 400 } : { body: { content: 'an answer' } },
      );
      for (let call = 0; call < 3; call++)
        await end(await start({ agent_name: 'mended', prompt: `question ${call}` }));
      const batch = { filter: { agent: 'mended' }, rate_per_second: 50 };
      for (let total: unknown; total !== 3;)
        ({ total } = (await http.post('/api/vps/reruns', { ...batch, dry_run: true })).body);
      const { body } = await http.post('/api/vps/reruns', batch);
      await temporal.workflow.getHandle(`rerun-batch-${String(body.batch_id)}`).result();
      return `rerun-batch-${String(body.batch_id)}`;
    },
  },
  {
    name: 'rerun-link',
    run: async ({ agent, start, end, http, temporal }) => {
      await agent('refusing', () => ({ status: 400 }));
      const callId = await start({ agent_name: 'refusing', prompt: 'a question' });
      await end(callId);
      await http.post(`/api/vps/calls/${callId}/rerun`, undefined, { 'Idempotency-Key': 'recorded' });
      const link = `call-${rerunIdOf(callId, 1)}`;
      await temporal.workflow.getHandle(link).result();
      return link;
    },
  },
  {
    name: 'agent-directory',
    run: async ({ agent, http, happened }) => {
      await agent('kept', answer);
      await agent('kept', answer, { max_retries: 1 });
      await agent('removed', answer, { auth_token: 'a-token-of-the-agent' });
      await http.delete('/api/vps/agents/removed');
      await happened('agent-directory', 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED', 4);
      return 'agent-directory';
    },
  },
  {
    name: 'agent-directory-pauses',
    run: async ({ agent, http, happened }) => {
      await agent('paused', answer);
      for (const reason of ['first', 'second']) await http.post('/api/vps/agents/paused/pause', { reason });
      await agent('paused', answer);
      await http.post('/api/vps/agents/paused/resume');
      await happened('agent-directory', 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED', 5);
      return 'agent-directory';
    },
  },
  {
    name: 'alert-book',
    settings: { HOLDFAST_ALERT_CHECK_SECONDS: '1', HOLDFAST_ALERT_FOR_SECONDS: '1' },
    run: async ({ agent, http, happened }) => {
      await agent('away', ({ attempt }) => (attempt <= 3 ? { reset: true } : { body: { content: 'back' } }), {
        max_retries: 0,
      });
      for (let call = 0; call < 3; call++) await http.call({ agent_name: 'away', prompt: 'a question' });
      const alerts = '/api/vps/alerts';
      let active: Json[] = [];
      while (active.length === 0) active = (await http.get(alerts)).body.alerts as Json[];
      await http.post(`${alerts}/${String(active[0]?.['id'])}/acknowledge`, { note: 'restarting it' });
      const { body } = await http.post(`${alerts}/silences`, { agent: 'away', for_seconds: 600 });
      await http.delete(`${alerts}/silences/${String(body.id)}`);
      await http.call({ agent_name: 'away', prompt: 'a question' });
      await happened('alert-book', 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED', 5);
      return 'alert-book';
    },
  },
  {
    name: 'access-directory',
    settings: { HOLDFAST_API_KEYS: 'bootstrap-key-of-the-history-0123456789' },
    run: async ({ http, happened }) => {
      const create = async (wish: Json) => String((await http.post('/api/vps/keys', wish)).body.id);
      await create({ name: 'operator', scopes: ['admin'] });
      const rotated = await create({ name: 'crm', scopes: ['call', 'read'], agents: ['pm-*'] });
      const revoked = await create({ name: 'left', scopes: ['read'], expires_in_seconds: 3_600 });
      await http.post(`/api/vps/keys/${rotated}/rotate`);
      await http.delete(`/api/vps/keys/${revoked}`);
      await happened('access-directory', 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED', 5);
      return 'access-directory';
    },
  },
  {
    name: 'access-directory-projects',
    settings: { HOLDFAST_API_KEYS: 'bootstrap-key-of-the-history-0123456789' },
    run: async ({ http, happened }) => {
      for (const name of ['crm', 'left']) await http.post('/api/vps/projects', { name });
      const { body } = await http.post('/api/vps/keys', {
        name: 'app',
        project: 'crm',
        scopes: ['call'],
        limits: { calls_per_day: 100 },
      });
      await http.patch(`/api/vps/keys/${String(body.id)}`, { limits: { calls_in_flight: 5 } });
      await http.patch('/api/vps/projects/crm', { limits: { requests_per_minute: 60 } });
      await http.post('/api/vps/projects/left/close');
      await happened('access-directory', 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED', 6);
      return 'access-directory';
    },
  },
  {
    name: 'key-usage',
    settings: { HOLDFAST_API_KEYS: 'bootstrap-key-of-the-history-0123456789' },
    run: async ({ agent, http, happened }) => {
      await agent('counted', answer);
      const { body } = await http.post('/api/vps/keys', {
        name: 'app',
        scopes: ['call'],
        limits: { calls_per_day: 100 },
      });
      const limited = new HttpClient(http.url, String(body.key));
      for (let reports = 1; reports <= 2; reports++) {
        await limited.call({ agent_name: 'counted', prompt: 'a question' });
        await happened('key-usage', 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED', reports);
      }
      return 'key-usage';
    },
  },
  {
    // The workflow does nothing; only its memo is used.
    name: 'cluster-terms',
    run: async ({ happened }) => {
      await happened('cluster-terms', 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED');
      return 'cluster-terms';
    },
  },
  {
    name: 'agent-health',
    run: async ({ agent, start, end, http, happened }) => {
      await agent('flaky', ({ attempt }) => (attempt === 1 ? { status: 401 } : { body: { content: 'ok' } }));
      for (let signals = 1; signals <= 2; signals++) {
        await end(await start({ agent_name: 'flaky', prompt: 'a question' }));
        await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', signals);
      }
      await http.delete('/api/vps/agents/flaky');
      await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', 3);
      return 'agent-health';
    },
  },
  {
    name: 'agent-health-reset',
    run: async ({ agent, start, end, http, happened }) => {
      await agent('repaired', () => ({ status: 401 }));
      await end(await start({ agent_name: 'repaired', prompt: 'a question' }));
      await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', 1);
      await http.post('/api/vps/health/repaired/reset');
      await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', 2);
      return 'agent-health';
    },
  },
  {
    // The failure has become too old to count when the reader of endings makes the entity look.
    name: 'agent-health-noted',
    run: async ({ happened, temporal }) => {
      const health = temporal.workflow.getHandle('agent-health');
      const at = Date.now() - 15 * 60_000 + 500;
      const failed = { callId: 'a', agent: 'aged', at, errorType: 'timeout' as const };
      const answered = { callId: 'b', agent: 'aged', at: Date.now() };
      await health.signal(reportOutcomesSignal, { batchId: 'recorded', outcomes: [failed, answered] });
      await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', 1);
      await delay(1_000);
      await health.signal(noteStatesSignal);
      await happened('agent-health', 'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED', 2);
      return 'agent-health';
    },
  },
];

export const scenarios: readonly Scenario[] = [
  ...byTheActivity.map((one) => ({
    ...one,
    settings: { HOLDFAST_FIRST_TASK_WAIT_MS: '0', ...one.settings },
  })),
  ...firstTaskScenarios,
  ...turnScenarios,
  ...sessionScenarios,
];
