/** `holdfast rerun`: one call, and batches that are watched, left and watched again. */
import { expect, test } from 'vitest';
import type { Script } from '../agents/scripted-agent.ts';
import { rerunIdOf } from '../../src/domain/hashed-ids.ts';
import { inputOf } from '../rig/call-input.ts';
import { gated, says } from '../api/scripts.ts';
import { useNode } from '../api/use-node.ts';
import { runCli, startCli, startOnTerminal } from './run-cli.ts';

const node = useNode();
const here = () => ({ HOLDFAST_URL: node.http.url });
const run = (...args: string[]) => runCli(args, here());
const json = async (...args: string[]) =>
  JSON.parse((await run(...args, '--json')).stdout) as Record<string, unknown>;

/** An agent that fails until `repair`, and the ids of its failed calls. The list of calls has them all. */
async function failedCalls(name: string, count: number) {
  let script: Script = () => ({ status: 400, body: { error: 'not today' } });
  const agent = await node.agent(name, (request) => script(request), { max_retries: 0 });
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push((await json('call', name, `question ${i}`))['call_id'] as string);
  const listed = async () =>
    (await json('calls', 'list', '--agent', name, '--status', 'failed'))['calls'] as unknown[];
  await expect.poll(async () => (await listed()).length).toBe(count);
  return { agent, ids, repair: (by: Script) => (script = by) };
}

test('rerun --wait reruns one call and exits with 1 while it fails, and with 0 when the agent is repaired', async () => {
  const { ids, repair } = await failedCalls('single', 1);
  const [id = ''] = ids;
  expect(await run('rerun', id, '--wait')).toMatchObject({ code: 1 });
  repair(says('now it works'));
  const { code, stdout, stderr } = await run('rerun', id, '--wait');
  expect(code).toBe(0);
  expect(stdout).toContain('single answered');
  const [, newId = ''] = /^Call (\S+)\n/.exec(stderr) ?? [];
  expect(await json('calls', 'show', newId)).toMatchObject({ response: 'now it works', rerun_of: id });
  // Each command sent its own Idempotency-Key, and such a rerun gets its number from a link.
  for (const number of [1, 2]) {
    const link = await node.temporal.workflow.getHandle(`call-${rerunIdOf(id, number)}`).describe();
    expect(link.type).toBe('rerunLink');
  }
});

test('the overrides of a rerun reach the new call', async () => {
  const { ids } = await failedCalls('replaced', 1);
  const other = await node.agent('stands-in', says('instead'));
  const [id = ''] = ids;
  const { code } = await run('rerun', id, '--as-agent', 'stands-in', '--prompt', 'asked otherwise', '--wait');
  expect(code).toBe(0);
  expect(other.requests[0]?.body).toMatchObject({ messages: [{ content: 'asked otherwise' }] });
});

test('the retired option --reset runs nothing and names rerun instead', async () => {
  const { agent, ids } = await failedCalls('not-reset', 1);
  const [id = ''] = ids;
  const { code, stderr } = await run('rerun', id, '--reset');
  expect(code).toBe(2);
  expect(stderr).toContain('no longer reset');
  expect(stderr).toContain(`holdfast rerun ${id}`);
  expect(agent.requests).toHaveLength(1);
});

test('a batch shows a dry run, then reruns all calls and prints a report', async () => {
  const { repair } = await failedCalls('many', 3);
  const dry = await run('rerun', '--all', '--agent', 'many', '--dry-run');
  expect(dry).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^3 calls would be rerun:\n/) as string,
  });
  expect(await run('rerun', '--all', '--agent', 'many')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('add --yes') as string,
  });
  let asked = 0;
  repair(() =>
    ++asked === 2 ? { status: 400, body: { error: 'only you' } } : { body: { content: 'fine' } },
  );
  const { code, stdout } = await run(
    'rerun',
    '--all',
    '--agent',
    'many',
    '--rate',
    '20',
    '--max-in-flight',
    '1',
    '--yes',
  );
  expect(code).toBe(1);
  expect(stdout).toMatch(/^\S+\t\S+\tfailed\tinvalid_request\t/m);
  expect(stdout).toMatch(/completed: of 3 calls 2 succeeded, 1 failed again, 0 were skipped\n$/);
}, 90_000);

test('on a terminal a batch asks first, and yes starts it', async () => {
  const { repair } = await failedCalls('asked-for', 2);
  repair(says('fine'));
  const running = startOnTerminal(['rerun', '--all', '--agent', 'asked-for', '--rate', '20'], here());
  await running.printed('Rerun 2 calls? [y/N]');
  running.child.stdin?.write('y\r');
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(stdout).toContain('of 2 calls 2 succeeded');
}, 90_000);

test('Ctrl-C does not stop a batch: --list shows it and --attach watches it to its end', async () => {
  const { agent, repair } = await failedCalls('left-alone', 2);
  const gate = gated('fine');
  repair(gate.script);
  const before = agent.requests.length;
  const args = ['rerun', '--all', '--agent', 'left-alone', '--rate', '20', '--yes'];
  const running = startCli(args, here());
  await agent.waitForRequests(before + 1);
  running.child.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  const [, batchId = ''] = /The batch continues: holdfast rerun --attach (\S+),/.exec(stderr) ?? [];
  expect((await run('rerun', '--list')).stdout).toContain(batchId);
  gate.open();
  expect(await json('rerun', '--attach', batchId)).toMatchObject({ status: 'completed', now_succeeded: 2 });

  expect(await run('rerun', '--cancel', 'no-such-batch')).toMatchObject({ code: 4 });
}, 90_000);

/** Registers an agent that fails. Returns the id of a failed call of it. */
async function failedCall(name: string): Promise<string> {
  await node.agent(name, () => ({ status: 400 }), { max_retries: 0 });
  return String((await node.http.call({ agent_name: name, prompt: 'a question' })).body.call_id);
}

/** Starts a call with an id of the old form, which no node generates any more, and otherwise like the call `like`. */
async function startAs(id: string, like: string): Promise<void> {
  await node.temporal.workflow.start('agentCall', {
    workflowId: `call-${id}`,
    taskQueue: 'holdfast',
    args: [{ ...(await inputOf(node.temporal, like)), callId: id }],
    memo: { fingerprint: '' },
  });
}

const listed = async (text: string) =>
  (await node.http.get(`/api/vps/calls?text=${text}&status=failed`)).body.calls;

test('a call is found by its workflow id, and by the beginning of its id if only one call matches', async () => {
  const id = await failedCall('named');
  await expect.poll(() => listed(id)).toHaveLength(1);
  expect((await json('calls', 'show', `call-${id}`))['call_id']).toBe(id);
  expect(await run('calls', 'cancel', id.slice(0, 12))).toMatchObject({
    code: 0,
    stdout: `${id} has already ended: failed\n`,
  });
  expect(await run('whatif', 'none-begins-so')).toMatchObject({ code: 4 });
}, 60_000);

test('if several calls match the beginning of an id, they are listed and nothing is done', async () => {
  const like = await failedCall('alike');
  const ids = ['-AbCdEf-one', '-AbCdEf-two'];
  for (const id of ids) await startAs(id, like);
  await expect.poll(() => listed('-AbCdEf')).toHaveLength(2);
  const { code, stderr } = await run('rerun', '--', '-AbCdEf');
  expect(code).toBe(2);
  expect(stderr).toContain("Several calls begin with '-AbCdEf'");
  for (const id of ids) expect(stderr).toContain(`  call-${id}\n`);
}, 60_000);

test('a call whose id begins with a dash can be watched, and the command that Ctrl-C suggests works', async () => {
  const first = await failedCall('hinted');
  const gate = gated('at last');
  const agent = await node.agent('hinted', gate.script);
  const rerun = await node.http.post(`/api/vps/calls/${first}/rerun`);
  const id = '-watched-and-left-by-ctrl-c-here';
  await startAs(id, String(rerun.body.call_id));
  await agent.waitForRequests(2);
  const running = startCli(['calls', 'watch', '--', id], here());
  await running.printed('hinted');
  running.child.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  const [, hint = ''] = /The call continues: holdfast (.+)/.exec(stderr) ?? [];
  gate.open();
  expect(await run(...hint.split(' '))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('hinted answered') as string,
  });
}, 60_000);

test.each([[['rerun']], [['rerun', 'x', '--all']], [['rerun', 'x', '--status', 'failed']]])(
  '%j is a usage error',
  async (args) => {
    expect(await run(...args)).toMatchObject({ code: 2 });
  },
);
