/** After the last fault: everything is healed, followed up and waited for. */
import type { Client } from '@temporalio/client';
import type { TestAgents } from '../agents/test-agents.ts';
import { deadlineSeconds, type Stage } from '../load/stage.ts';
import { outcomeOf } from '../load/call-request.ts';
import { eachOf, until } from '../pause.ts';
import { heal, type Product } from '../product/product.ts';

/** What Temporal itself adds to a call's deadline before it ends it. */
const graceSeconds = 75;

/** Unclear requests become clear within this time, or that which the last fault may take to be recovered from. */
const clearWithinMs = 30_000;

export async function settle(stage: Stage, product: Product, temporal: Client): Promise<string[]> {
  const problems: string[] = [];
  healAgents(stage.testAgents);
  if (!(await heal(product))) problems.push('a process does not come up any more');
  const unclear = stage.journal.requests.filter(
    (request) => !request.abandoned && outcomeOf(request) === 'unclear',
  );
  const recovered = stage.journal.faults.map(({ at, limitMs }) => at + limitMs - Date.now());
  const clearMs = Math.max(clearWithinMs, ...recovered);
  await eachOf(unclear, 8, async (request) => {
    if (!(await stage.calls.retryUntilClear(request, stage.random, clearMs)))
      problems.push(`#${request.number}: stays unclear, with everything up`);
  });
  const running = async (): Promise<number> =>
    (await temporal.workflow.count("WorkflowType = 'agentCall' AND ExecutionStatus = 'Running'")).count;
  if (!(await until(async () => (await running()) === 0, (deadlineSeconds + graceSeconds) * 1_000, 500)))
    problems.push(`${await running()} calls still run`);
  return problems;
}

function healAgents({ agents }: TestAgents): void {
  for (const [name, agent] of Object.entries(agents)) if (name !== 'down') agent.proxy.set({ kind: 'pass' });
}
