/** This node's view of agents' health, while several of its parts refresh it. */
import { expect, it } from 'vitest';
import { newHealth, recordOutcome } from '../../src/domain/health.ts';
import { packHealth } from '../../src/domain/packed-health.ts';
import { Health } from '../../src/services/agents/health.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';

it('callers at the same time share one query, so that no older answer comes after a newer one', async () => {
  const away = newHealth();
  recordOutcome(away, { callId: 'c', agent: 'away', at: 1, errorType: 'connection' });
  const asked: number[] = [];
  let answer: (value: unknown) => void = () => undefined;
  const query = (_: unknown, version: number) => {
    asked.push(version);
    return new Promise((resolve) => (answer = resolve));
  };
  const client = {
    workflow: { getHandle: () => ({ query }) },
    withDeadline: (_: number, call: () => Promise<unknown>) => call(),
  };
  const temporal = { client, namespace: 'n', taskQueue: 't' } as unknown as Temporal;
  const health = new Health(temporal, { enabled: true, cooldownMs: 1_000 });
  const both = [health.refresh(), health.refresh()];
  answer({ version: 7, agents: { away: packHealth(away, 1) }, batchIds: [] });
  await Promise.all(both);
  const next = health.refresh();
  answer({ version: 7, agents: {}, batchIds: [] });
  await next;
  expect(asked).toEqual([0, 7]);
  expect(health.state('away').status).toBe('unreachable');
});
