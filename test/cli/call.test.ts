/** `holdfast call`, and how every command reports errors: the real binary against a real node. */
import { expect, test } from 'vitest';
import { gated, says } from '../api/scripts.ts';
import { useNode } from '../api/use-node.ts';
import { runCli, startCli, startOnTerminal } from './run-cli.ts';

const node = useNode();
const here = () => ({ HOLDFAST_URL: node.http.url });
const failing = () => ({ status: 500, body: { error: 'it is down' } });

test('call prints only the answer, so that a pipe gets nothing else', async () => {
  await node.agent('plain', says('42 is the answer'));
  const { code, stdout, stderr } = await runCli(['call', 'plain', 'What is it?'], here());
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '42 is the answer\n', stderr: '' });
});

test('call --json prints the whole call as one document', async () => {
  await node.agent('as-json', says('yes'));
  const args = ['call', 'as-json', 'Well?', '--json', '--session', 's1', '--metadata', '{"from": "cli"}'];
  const { code, stdout } = await runCli(args, here());
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'completed',
    response: 'yes',
    session_id: 's1',
    attempts: [{ agent: 'as-json', status: 'ok' }],
  });
});

test('call --when-busy interrupts the call that has the turn of the session, or is refused', async () => {
  const gate = gated('never');
  const slow = await node.agent('holds', gate.script);
  await node.agent('instead', says('this'));
  const held = startCli(['call', 'holds', 'a', '--session', 'busy', '--json'], here());
  await slow.waitForRequests(1);
  const call = (policy: string) =>
    runCli(['call', 'instead', 'b', '--session', 'busy', '--when-busy', policy], here());
  const refused = await call('reject');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('Another call has the turn of this session');
  expect(await call('interrupt')).toMatchObject({ code: 0, stdout: 'this\n' });
  const { code, stdout } = await held.ended;
  expect(code).toBe(1);
  const { superseded_by: by, status } = JSON.parse(stdout) as Record<string, string>;
  expect(status).toBe('cancelled');
  expect((await node.http.get(`/api/vps/calls/${by ?? ''}`)).body).toMatchObject({ response: 'this' });
  expect((await runCli(['sessions', 'show', 'busy'], here())).stdout).toContain('failed');
  gate.open();
});

test('a failed call prints its attempts in the order asked, then the skipped agents', async () => {
  await node.agent('asked-first', failing, { max_retries: 0, fallback_agents: ['not-there'] });
  const { code, stdout } = await runCli(['call', 'asked-first', 'x'], here());
  expect(code).toBe(1);
  expect(stdout).toMatch(/^asked-first\t.*\nnot-there\tskipped\t/m);
});

test('the prompt can come from standard input', async () => {
  const agent = await node.agent('reader', says('read'));
  for (const args of [
    ['call', 'reader'],
    ['call', 'reader', '-'],
  ])
    expect((await runCli(args, here(), 'a long question\n')).stdout).toBe('read\n');
  expect(agent.requests.map(({ body }) => (body as { messages: unknown[] }).messages)).toEqual([
    [{ role: 'user', content: 'a long question\n' }],
    [{ role: 'user', content: 'a long question\n' }],
  ]);
});

test('a failed call exits with 1 and says which agent failed and why', async () => {
  await node.agent('broken', failing, { max_retries: 0 });
  const { code, stdout } = await runCli(['call', 'broken', 'Hello?'], here());
  expect(code).toBe(1);
  expect(stdout).toMatch(/error_type +model_error/);
  expect(stdout).toMatch(/^broken\tmodel_error\t1\t\d+\t.*500/m);
});

test('an answer cannot control the terminal: escape sequences and control characters are not printed', async () => {
  const hostile = '\u001b]0;owned\u0007\u001b[2J\u001b[31mred\u009b1mbold\u0000\b\r\n\u202ereversed\tend';
  await node.agent('hostile', says(hostile));
  const { stdout } = await runCli(['call', 'hostile', 'Be nice'], here());
  expect(stdout).toMatch(/^red/);
  expect(stdout).toMatch(/\nreversed\tend\n$/);
  expect(stdout).not.toMatch(/[^\P{Cc}\n\t]/u);
  const json = await runCli(['call', 'hostile', 'Be nice', '--json'], here());
  expect((JSON.parse(json.stdout) as { response: string }).response).toBe(hostile);
  expect(json.stdout).not.toContain('\u001b');
});

test('call --async prints the id at once, and the call runs on', async () => {
  const gate = gated('later');
  await node.agent('slow', gate.script);
  const { code, stdout } = await runCli(['call', 'slow', 'When?', '--async'], here());
  expect(code).toBe(0);
  gate.open();
  await expect
    .poll(async () => (await node.http.get(`/api/vps/calls/${stdout.trim()}`)).body.response)
    .toBe('later');
});

test('two calls with the same --idempotency-key are one call: the agent is asked once', async () => {
  const agent = await node.agent('once', says('one'));
  const args = ['call', 'once', 'Really?', '--idempotency-key', 'key-1', '--json'];
  const ids = [await runCli(args, here()), await runCli(args, here())].map(
    ({ stdout }) => (JSON.parse(stdout) as { call_id: string }).call_id,
  );
  expect(ids[0]).toBe(ids[1]);
  expect(agent.requests).toHaveLength(1);
});

test('Ctrl-C ends the command but not the call, and says how to watch the call', async () => {
  const gate = gated('after all');
  const agent = await node.agent('patient', gate.script);
  const running = startCli(['call', 'patient', 'Are you there?'], here());
  await agent.waitForRequests(1);
  running.child.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  const [, callId = ''] = /The call continues: holdfast calls watch (\S+),/.exec(stderr) ?? [];
  gate.open();
  await expect
    .poll(async () => (await node.http.get(`/api/vps/calls/${callId}`)).body.response)
    .toBe('after all');
});

test('on a terminal a spinner shows the time, and disappears at the end', async () => {
  const gate = gated('done');
  const agent = await node.agent('watched', gate.script);
  const running = startOnTerminal(['call', 'watched', 'Still?'], here());
  await agent.waitForRequests(1);
  await running.printed(/\d s {2}(accepted|asking watched)/);
  gate.open();
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/\u001b\[2Kdone\r\n$/);
});

test('a request that the node refuses exits with 4 and names each invalid field', async () => {
  const args = ['call', 'nobody', 'Hello'];
  const { code, stderr } = await runCli(args, here());
  expect(code).toBe(4);
  expect(stderr).toMatch(/^No such agent: Agent 'nobody' not registered\n/);
  expect(stderr).toContain('holdfast agents list');
  const fields = await runCli(['call', ' x', 'Hello'], here());
  expect(fields).toMatchObject({
    code: 4,
    stderr: expect.stringContaining(
      'The request has invalid fields: agent_name: no spaces at the ends',
    ) as string,
  });
  const json = await runCli([...args, '--json'], here());
  expect(json).toMatchObject({ code: 4, stdout: '' });
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { status: 404, error_type: 'agent_not_found' } });
});

test('a command without a running node exits with 3 and says what to do', async () => {
  const { code, stderr } = await runCli(['call', 'plain', 'Hello'], { HOLDFAST_URL: 'http://127.0.0.1:9' });
  expect(code).toBe(3);
  expect(stderr).toContain('Start one with npm start, or set HOLDFAST_URL');
});

test('a server that is not a Holdfast node is recognized as such', async () => {
  const agent = await node.agent('no-node', () => ({ status: 404, body: { what: 'no page' } }));
  const { code, stderr } = await runCli(['agents', 'list', '--url', `http://127.0.0.1:${agent.port}`]);
  expect(code).toBe(3);
  expect(stderr).toContain('(HTTP 404) is not a Holdfast node: check HOLDFAST_URL');
});

test.each([
  [['call'], "missing required argument 'agent'"],
  [['nonsense'], "unknown command 'nonsense'"],
  [['calls', 'list', '--status', 'odd'], 'Allowed choices are running, completed, failed, cancelled'],
  [['calls', 'list', '--since', 'tomorrow'], 'Takes a time ago (30m, 12h, 7d), a date or an ISO time'],
  [['call', 'plain', 'x', '--metadata', '[1]'], 'Takes a JSON object'],
  [['agents', 'list', '--url', 'ftp://x'], 'HOLDFAST_URL (or --url): takes an http or https URL'],
])('%j is a usage error: it exits with 2 and says what is allowed', async (args, message) => {
  const { code, stdout, stderr } = await runCli(args, here());
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});
