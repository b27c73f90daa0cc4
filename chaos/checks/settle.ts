/** Settles the run after its last fault, so that the checks find only calls that have ended. */
import type { Client } from '@temporalio/client';
import type { TestAgents } from '../agents/test-agents.ts';
import { deadlineSeconds, type Stage } from '../load/stage.ts';
import { outcomeOf } from '../load/call-request.ts';
import { eachOf, until } from '../pause.ts';
import { heal, type Product } from '../product/product.ts';

/**
 * How long after its deadline a call is waited for. Temporal's own timeout ends a call 60 s after its deadline; the rest is
 * tolerance.
 */
const graceSeconds = 75;

/** Unclear requests must become clear within this time, or within the recovery limit of the last faults if that is longer. */
const clearWithinMs = 30_000;

/**
 * Undoes every fault, resolves the unclear requests and waits until every call has ended. Returns one line for each problem.
 */
export async function settle(stage: Stage, product: Product, temporal: Client): Promise<string[]> {
  const problems: string[] = [];
  healAgents(stage.testAgents);
  if (!(await heal(product))) problems.push('a process did not become ready again');
  const unclear = stage.journal.requests.filter(
    (request) => !request.abandoned && outcomeOf(request) === 'unclear',
  );
  const recoveryLeftMs = stage.journal.faults.map(({ at, limitMs }) => at + limitMs - Date.now());
  const clearMs = Math.max(clearWithinMs, ...recoveryLeftMs);
  await eachOf(unclear, 8, async (request) => {
    if (!(await stage.calls.retryUntilClear(request, stage.random, clearMs)))
      problems.push(`#${request.number}: stays unclear although every process is ready`);
  });
  const running = async (): Promise<number> =>
    (await temporal.workflow.count("WorkflowType = 'agentCall' AND ExecutionStatus = 'Running'")).count;
  if (!(await until(async () => (await running()) === 0, (deadlineSeconds + graceSeconds) * 1_000, 500)))
    problems.push(`${await running()} calls are still running`);
  return problems;
}

function healAgents({ agents }: TestAgents): void {
  for (const [name, agent] of Object.entries(agents)) if (name !== 'down') agent.proxy.set({ kind: 'pass' });
}
