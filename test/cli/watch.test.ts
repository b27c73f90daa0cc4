/** `holdfast calls show`, `watch` and `export` against real nodes, one of which is killed. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { gated, says } from '../api/scripts.ts';
import { useNode } from '../api/use-node.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { runCli, startCli } from './run-cli.ts';

const node = useNode();
const here = () => ({ HOLDFAST_URL: node.http.url });
const run = (...args: string[]) => runCli(args, here());
const failing = () => ({ status: 500, body: { error: 'down \u001b[31mfor ever' } });

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('calls watch prints a failover as it happens, and ends with the answer', async () => {
  const gate = gated('rescued');
  const second = await node.agent('second', gate.script);
  await node.agent('first', failing, { max_retries: 0, fallback_agents: ['second'] });
  const { stdout: callId } = await run('call', 'first', 'Help', '--async');
  const watching = startCli(['calls', 'watch', callId.trim()], here());
  await second.waitForRequests(1);
  await watching.printed('asking second');
  gate.open();
  const { code, stdout } = await watching.ended;
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\S+Z {2}/, '').replace(/\d+ ms/, 'N ms'));
  expect(lines).toEqual([
    'accepted',
    'asking first',
    expect.stringMatching(/^first failed: model_error: .*down .*for ever/),
    'failover from first to second',
    'asking second',
    'second answered after N ms',
  ]);
});

test('calls watch --json prints one event per line, also of a call that has ended, and exits with 1 if it failed', async () => {
  await node.agent('lost', failing, { max_retries: 0 });
  const { stdout } = await run('call', 'lost', 'Help', '--json');
  const { call_id } = JSON.parse(stdout) as { call_id: string };
  const watched = await run('calls', 'watch', call_id, '--json');
  expect(watched.code).toBe(1);
  const events = watched.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  expect(events.map(({ type }) => type)).toEqual(['accepted', 'attempt_started', 'attempt_failed', 'failed']);
  expect(await run('calls', 'watch', 'no-such-call')).toMatchObject({ code: 4 });
});

test('Ctrl-C ends calls watch but not the call', async () => {
  const gate = gated('still here');
  const agent = await node.agent('kept-on', gate.script);
  const { stdout: callId } = await run('call', 'kept-on', 'Help', '--async');
  const watching = startCli(['calls', 'watch', callId.trim()], here());
  await agent.waitForRequests(1);
  await watching.printed('asking kept-on');
  watching.child.kill('SIGINT');
  expect(await watching.ended).toMatchObject({
    code: 130,
    stderr: `The call continues: holdfast calls watch ${callId}`,
  });
  gate.open();
  await expect.poll(async () => (await run('calls', 'show', callId.trim())).stdout).toContain('still here');
});

test('calls watch continues after kill -9 of the node, and prints no event twice', async () => {
  const gate = gated('at last');
  const agent = await startAgent(gate.script);
  onTestFinished(() => agent.close());
  const environment = await testEnvironment();
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const first = await startNodeProcess(environment);
  await first.http.register('steady', agent.port);
  const there = { HOLDFAST_URL: first.url };
  const { stdout: callId } = await runCli(['call', 'steady', 'Wait', '--async'], there);
  const watching = startCli(['calls', 'watch', callId.trim(), '--json'], there);
  await watching.printed('attempt_started');
  first.process.kill('SIGKILL');
  await first.process.exited;
  gate.open();
  await startNodeProcess(samePlace(environment, first));
  const { code, stdout } = await watching.ended;
  expect(code).toBe(0);
  const lines = stdout.trim().split('\n');
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.filter((line) => line.includes('"accepted"'))).toHaveLength(1);
  expect(lines.at(-1)).toContain('"answered"');
}, 90_000);

test('calls show prints everything about a call', async () => {
  await node.agent('told', says('the answer'));
  const { stdout } = await run('call', 'told', 'the question', '--json', '--session', 'shown');
  const { call_id } = JSON.parse(stdout) as { call_id: string };
  const shown = await run('calls', 'show', call_id);
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/^session +shown$/m);
  expect(shown.stdout).toMatch(/^chain +told \(http:\/\/127\.0\.0\.1:\d+.*\)$/m);
  expect(shown.stdout).toMatch(/^timings .*total \d+ ms/m);
  expect(shown.stdout).toMatch(/\nprompt\nthe question\n\nresponse\nthe answer\n$/);
  expect(await run('calls', 'show', 'no-such-call')).toMatchObject({ code: 4 });
});

test('calls list --counts counts the calls by status', async () => {
  await node.agent('countable', says('x'));
  await run('call', 'countable', 'x');
  await expect
    .poll(
      async () =>
        JSON.parse(
          (await run('calls', 'list', '--agent', 'countable', '--counts', '--json')).stdout,
        ) as unknown,
    )
    .toEqual({ total: 1, running: 0, completed: 1, failed: 0, cancelled: 0, covers: null });
});

test('an export can be written to a file or a pipe, and replayed from both', async () => {
  await node.agent('exported', failing, { max_retries: 0 });
  for (const prompt of ['1', '2', '3']) await run('call', 'exported', prompt);
  await expect
    .poll(async () => (await run('calls', 'export', '--agent', 'exported')).stdout.trim().split('\n').length)
    .toBe(3);
  const path = await folder();
  for (const name of ['all.tar.gz', 'all.ndjson']) {
    const saved = await run('calls', 'export', '--agent', 'exported', '-o', join(path, name), '--json');
    expect(JSON.parse(saved.stdout)).toMatchObject({ histories: 3 });
    expect(await run('replay', join(path, name))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^3 replayed in \S+ s: 3 same, 0 non-deterministic, 0 unreadable\n$/,
      ) as string,
    });
  }
  expect((await readdir(path)).sort()).toEqual(['all.ndjson', 'all.tar.gz']);
  const piped = await runCli(
    ['replay', '-', '--json'],
    here(),
    await readFile(join(path, 'all.ndjson'), 'utf8'),
  );
  expect(JSON.parse(piped.stdout)).toMatchObject({ total: 3, same: 3 });
  const served = await run('replay', '--agent', 'exported', '--json');
  expect(JSON.parse(served.stdout)).toMatchObject({ total: 3, same: 3 });
}, 120_000);

test('an export to a path that cannot be written is a usage error and leaves no partial file', async () => {
  const { code, stderr } = await run('calls', 'export', '-o', '/nowhere/at/all.ndjson');
  expect(code).toBe(2);
  expect(stderr).toContain('/nowhere/at/all.ndjson cannot be written');
});
