/** The commands `webhooks`, run as the real binary, with a receiver that keeps what it gets. */
import { beforeAll, expect, test, vi } from 'vitest';
import type { Webhook } from '../../src/contract/webhooks.ts';
import { echo } from '../api/scripts.ts';
import { useNode } from '../api/use-node.ts';
import type { Json } from '../rig/http-client.ts';
import { useReceiver } from '../rig/use-receiver.ts';
import { runCli } from './run-cli.ts';

const key = 'a-key-of-the-cli-tests-0123456789';
const node = useNode({ HOLDFAST_API_KEYS: key });
const receiver = useReceiver();
const here = () => ({ HOLDFAST_URL: node.http.url, HOLDFAST_API_KEY: key });
const run = (args: readonly string[], input = '') => runCli(['webhooks', ...args], here(), input);
const json = async <T = Record<string, unknown>>(args: readonly string[]): Promise<T> =>
  JSON.parse((await run([...args, '--json'])).stdout) as T;
const eventually = <T>(check: () => Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 45_000, interval: 500 });

const arrived = (path: string, count: number) =>
  expect.poll(() => receiver.got(path).length, { timeout: 45_000 }).toBe(count);

beforeAll(async () => {
  await node.agent('helper', echo);
});

/** Creates a webhook, and returns its id. */
async function create(name: string, ...options: string[]): Promise<string> {
  const made = await json<Webhook>(['create', name, receiver.url(name), ...options]);
  return made.id;
}

test('an event of a call arrives, is listed, and is sent again with the same id', async () => {
  const made = await run(['create', 'crm', receiver.url('crm'), '--event', 'call.completed,call.failed']);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^whsec_\S+\n$/) as string });
  expect(made.stderr).toMatch(/^Created wh\w+ \(crm\)\..*\nThis is the only time that it is shown:\n$/);
  const { webhooks } = await json<{ webhooks: Webhook[] }>(['list']);
  const [id = ''] = webhooks.filter(({ name }) => name === 'crm').map((one) => one.id);
  expect(made.stderr).toContain(id);

  const { call_id: callId } = (await node.http.call({ agent_name: 'helper', prompt: 'Hi' })).body;
  await arrived('crm', 1);
  const [first] = receiver.got('crm');
  const listed = await eventually(async () => {
    const { stdout } = await run(['deliveries', id]);
    expect(stdout).toContain(`\tdelivered\t${first?.id}\tcall.completed\t${String(callId)}\t`);
    return stdout;
  });
  expect(listed).toMatch(/^at\toutcome\tevent\ttype\tabout\thappened\ttry\tresult\tms\n/);
  expect((await run(['deliveries', id, '--outcome', 'parked'])).stdout.trim().split('\n')).toHaveLength(1);
  expect((await run(['deliveries', id, '--before', '1h'])).stdout.trim().split('\n')).toHaveLength(1);

  expect(await run(['redeliver', id, String(first?.id)])).toMatchObject({
    code: 0,
    stdout: `Accepted: holdfast webhooks deliveries ${id} shows what becomes of it\n`,
  });
  await arrived('crm', 2);
  expect((await run(['redeliver', id, '--from', '1h', '--all'])).code).toBe(0);
  await arrived('crm', 3);
  expect(new Set(receiver.got('crm').map((one) => one.id))).toEqual(new Set([first?.id]));
  expect(await run(['redeliver', id, 'evt_00'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('holdfast webhooks deliveries') as string,
  });
  await eventually(async () =>
    expect((await run(['show', id])).stdout).toMatch(/^status +active$[^]*^delivered +3$/m),
  );
});

test('a call may name a receiver of its own, which gets its event, and gets it again', async () => {
  const args = ['helper', 'Hi', '--callback', receiver.url('callback')];
  const called = JSON.parse((await runCli(['call', ...args, '--json'], here())).stdout) as Json;
  const id = String(called.call_id);
  const show = async (): Promise<string> => (await runCli(['calls', 'show', id], here())).stdout;
  await eventually(async () => expect(await show()).toMatch(/^callback +delivered$/m));
  expect(receiver.got('callback')).toMatchObject([{ body: { type: 'call.completed' } }]);
  expect(await runCli(['calls', 'callback', id], here())).toMatchObject({ code: 0 });
  await arrived('callback', 2);
  const [first, second] = receiver.got('callback');
  expect(second?.id).toBe(first?.id);
});

test('everything that a webhook can have is set, changed and taken away', async () => {
  const id = await create(
    'full',
    ...[
      '--event',
      'call.failed',
      '--event',
      'batch.ended',
      '--agent',
      'pm-*,helper',
      '--ordered',
      '--content',
      '--format',
      'slack',
    ],
    ...['--session-prefix', 'order-', '--user', 'ada', '--metadata', 'channel=web', '--metadata', 'tier=2'],
  );
  expect(await json(['show', id])).toMatchObject({
    events: ['call.failed', 'batch.ended'],
    agents: ['pm-*', 'helper'],
    session_prefix: 'order-',
    user_id: 'ada',
    metadata: { channel: 'web', tier: 2 },
    ordered: true,
    include_content: true,
    format: 'slack',
  });
  const shown = (await run(['show', id])).stdout;
  for (const text of ['pm-*, helper', 'order-', 'channel=web, tier=2']) expect(shown).toContain(text);

  const changed = await run([
    ...['change', id, '--name', 'less', '--event', 'call.failed', '--any-agent', '--any-session'],
    ...['--any-user', '--metadata', 'tier="2"', '--no-ordered', '--no-content', '--format', 'standard'],
  ]);
  expect(changed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^agents +all$/m) as string });
  expect(await json(['show', id])).toMatchObject({
    name: 'less',
    events: ['call.failed'],
    agents: null,
    session_prefix: null,
    user_id: null,
    metadata: { tier: '2' },
    ordered: false,
    include_content: false,
    format: 'standard',
  });
  expect((await run(['change', id, '--any-metadata'])).stdout).not.toContain('metadata');
  expect((await run(['change', id])).stderr).toContain('Give what to change');
});

test('a URL with a secret can be given on standard input, and is shown without its path', async () => {
  const made = await run(['create', 'hidden', '-', '--event', 'call.failed'], `${receiver.url('s3cret')}\n`);
  expect(made.code).toBe(0);
  const { stdout } = await run(['list']);
  expect(stdout).toContain('\thidden\t');
  expect(stdout).not.toContain('s3cret');
  const id = /^(wh\w+)\thidden\t/m.exec(stdout)?.[1] ?? '';
  expect((await run(['change', id, '--to', '-'], receiver.url('elsewhere'))).code).toBe(0);
  expect(await run(['test', id])).toMatchObject({ code: 0 });
  expect(receiver.got('elsewhere')).toMatchObject([{ body: { type: 'webhook.test' } }]);
  expect(receiver.got('s3cret')).toEqual([]);
});

test('a test event exits with 0 if the receiver takes it, and with 1 if not', async () => {
  const id = await create('tested', '--event', 'call.failed');
  expect(await run(['test', id])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Delivered in \d+ ms: HTTP 200\n$/) as string,
  });
  receiver.answer('tested', 503);
  expect(await run(['test', id])).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^Not delivered in \d+ ms: .*503/) as string,
  });
  expect(await run(['test', id, '--json'])).toMatchObject({ code: 1 });
});

test('a webhook is switched off and on, gets a new secret, and is removed', async () => {
  const id = await create('switched', '--event', 'call.completed');
  expect((await run(['disable', id])).stdout).toMatch(/^status +switched off at \d{4}-/m);
  expect(await run(['redeliver', id, '--from', '1h'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('holdfast webhooks enable') as string,
  });
  expect((await run(['enable', id])).stdout).toMatch(/^status +active$/m);
  const rotated = await run(['rotate', id, '--overlap', '7d']);
  expect(rotated.stdout).toMatch(/^whsec_\S+\n$/);
  const { earlier_secret_until: until } = await json<Webhook>(['show', id]);
  expect((Date.parse(String(until)) - Date.now()) / 86_400_000).toBeCloseTo(7, 1);
  expect(await run(['remove', id])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('add --yes') as string,
  });
  expect(await run(['remove', id, '--yes'])).toMatchObject({ code: 0, stdout: `${id} is removed\n` });
  expect(await run(['show', id])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('holdfast webhooks list') as string,
  });
});

test('each project has its own webhooks and its own secret of callbacks', async () => {
  await runCli(['projects', 'create', 'ops'], here());
  const id = await create('of-ops', '--event', 'agent.state_changed', '--project', 'ops');
  expect((await run(['list'])).stdout).not.toContain('of-ops');
  expect((await run(['list', '--project', 'ops'])).stdout).toContain(id);
  expect((await run(['list', '--project', '*'])).stdout).toMatch(new RegExp(`^${id}\\tof-ops\\tops\\t`, 'm'));
  expect((await run(['show', id])).code).toBe(4);
  const secrets = await Promise.all(
    [[], ['--project', 'ops']].map((project) => run(['callback-secret', ...project])),
  );
  for (const { code, stdout } of secrets) {
    expect(code).toBe(0);
    expect(stdout).toMatch(/^whsec_\S+\n$/);
  }
  expect(new Set(secrets.map(({ stdout }) => stdout)).size).toBe(2);
});

test('wrong use is named, and nothing is sent', async () => {
  const url = 'https://crm.example.com/';
  for (const [args, what] of [
    [['create', 'x', url], '--event'],
    [['create', 'x', url, '--event', 'call.begun'], "'call.begun' is no event"],
    [['create', 'x', url, '--event', 'call.failed', '--metadata', 'channel'], 'Takes name=value'],
    [['create', 'x', '-', '--event', 'call.failed'], 'The URL is empty'],
    [['change', 'wh1', '--agent', 'x', '--any-agent'], '--any-agent'],
    [['change', 'wh1'], 'Give what to change'],
    [['deliveries', 'wh1', '--outcome', 'lost'], 'delivered, failed, parked, dropped'],
    [['redeliver', 'wh1'], 'Give the id of an event'],
    [['redeliver', 'wh1', 'evt_1', '--from', '1h'], 'Give the id of an event'],
    [['redeliver', 'wh1', 'evt_1', '--all'], 'need --from'],
    [['redeliver', 'wh1', '--from', '1h', '--before', '1h'], 'needs the id of an event'],
    [['show', ''], 'empty'],
  ] as const)
    expect(await run(args), args.join(' ')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(what) as string,
    });
  expect(await run(['create', 'x', 'ftp://crm.example.com/', '--event', 'call.failed'])).toMatchObject({
    code: 4,
  });
});
