/** `holdfast health`, `whatif` and `nodes` against a real node whose agents fail and are repaired. */
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { says } from '../api/scripts.ts';
import { useNode } from '../api/use-node.ts';
import { runCli } from './run-cli.ts';

const node = useNode();
const here = () => ({ HOLDFAST_URL: node.http.url });
const run = (...args: string[]) => runCli(args, here());
const json = async (...args: string[]) =>
  JSON.parse((await run(...args, '--json')).stdout) as Record<string, unknown>;

/** Returns the id of the only call of a new agent. It has failed, because the agent does not listen. */
async function callOfAnAgentThatIsAway(name: string): Promise<string> {
  const agent = await node.agent(name, says('never'), { max_retries: 0 });
  await agent.stop();
  return (await json('call', name, 'Hello?'))['call_id'] as string;
}

test('an agent that does not listen is unreachable until a probe succeeds or its circuit is reset', async () => {
  const agent = await node.agent('comes-back', says('here'), { max_retries: 0 });
  await agent.stop();
  await run('call', 'comes-back', 'Hello?');
  const away = await run('health', 'comes-back');
  expect(away).toMatchObject({ code: 0 });
  expect(away.stdout).toMatch(/^state +unreachable$/m);
  expect(away.stdout).toMatch(/^circuit +open until /m);
  expect(await run('health', 'comes-back', '--probe')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^comes-back failed the probe: connection /) as string,
  });
  expect(await json('health', 'comes-back', '--reset')).toMatchObject({
    circuit: 'closed',
    consecutive_failures: 0,
    total_failures: 1,
  });
  await agent.start();
  expect(await run('health', 'comes-back', '--probe')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^comes-back answered the probe after \d+ ms\n$/) as string,
  });
});

test('health without a name prints one table of all agents', async () => {
  await callOfAnAgentThatIsAway('in-table');
  const { stdout } = await run('health');
  expect(stdout).toMatch(/^agent\tstate\tcircuit\t/);
  expect(stdout).toMatch(/^in-table\tunreachable\topen\t0 %\t1\t1\t/m);
  expect((await json('health'))['agents']).toContainEqual(
    expect.objectContaining({ agent_name: 'in-table' }),
  );
});

test('calls show of a call whose agent was passed over says who was asked, who answered, and why', async () => {
  await node.agent('standby', says('gladly'));
  const agent = await node.agent('passed', says('never'), { max_retries: 0, fallback_agents: ['standby'] });
  await agent.stop();
  await run('call', 'passed', 'Hello?');
  const callId = (await json('call', 'passed', 'Hello again?'))['call_id'] as string;
  const { stdout } = await run('calls', 'show', callId);
  expect(stdout).toMatch(/^asked +passed$/m);
  expect(stdout).toMatch(/^answered_by +standby$/m);
  expect(stdout).toMatch(/^passed_over +passed \(its circuit was open\)$/m);
  await expect
    .poll(async () => (await run('calls', 'list', '--agent', 'passed', '--status', 'completed')).stdout)
    .toMatch(new RegExp(`^${callId}\tcompleted\tpassed\tstandby\t`, 'm'));
});

test('an agent without recent requests has no success rate', async () => {
  await node.agent('fresh', says('here'));
  expect((await run('health', 'fresh')).stdout).toMatch(/^success +-$/m);
  expect((await run('health')).stdout).toMatch(/^fresh\thealthy\tclosed\t-\t0\t/m);
  await run('call', 'fresh', 'Hello?');
  expect((await run('health', 'fresh')).stdout).toMatch(/^success +100 %$/m);
});

test('health --reset without a name is a usage error, and with an unknown name it is refused', async () => {
  expect(await run('health', '--reset')).toMatchObject({ code: 2 });
  expect(await run('health', 'stranger', '--reset')).toMatchObject({ code: 4 });
});

test('whatif shows which agent would be asked next after the chain was changed, for one call and for many', async () => {
  const callId = await callOfAnAgentThatIsAway('chained');
  const before = await json('whatif', callId);
  expect(before['calls']).toMatchObject([{ call_id: callId, after: { next_agent: null }, changed: false }]);

  await node.agent('new-fallback', says('I would'));
  const again = ['agents', 'add', 'chained', 'http://127.0.0.1:9', '--retries', '0'];
  await run(...again, '--fallback', 'new-fallback', '--replace');
  const { code, stdout } = await run('whatif', callId);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      `^${callId}\\tchained: connection\\t[^\\t]*new-fallback: would_be_asked[^\\t]*\\tnew-fallback\\t`,
      'm',
    ),
  );
  expect(stdout).toMatch(/\n1 of 1 calls would take another path\n$/);
  await expect
    .poll(async () => (await run('whatif', '--agent', 'chained', '--status', 'failed')).stdout)
    .toContain('new-fallback: would_be_asked');
  expect(await run('whatif', callId, '--status', 'failed')).toMatchObject({ code: 2 });
});

test('nodes prints one table of the running nodes and marks the one that answers', async () => {
  const { stdout } = await run('nodes');
  expect(stdout).toMatch(/^node\trole\tversion\thost\tpid\taddress\t/);
  expect(stdout).toContain(
    `(answers)\tfacade and worker\t0.1.0\t${hostname()}\t${process.pid}\t${node.http.url}\t`,
  );
  expect((await json('nodes'))['nodes']).toMatchObject([{ address: node.http.url, differs_in: [] }]);
});
