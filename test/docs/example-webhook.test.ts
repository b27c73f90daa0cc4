import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import { newWebhookSecret } from '../../src/receivers/secrets.ts';
import { closedPort } from '../agents/support.ts';
import { eventTo, openSender } from '../receivers/support.ts';

test('the example receiver prints each event once, and refuses what is forged or too old', async () => {
  const [port, secret] = [await closedPort(), newWebhookSecret()];
  const receiver = spawn(process.execPath, [join(packageRoot, 'examples/crm-webhook.js')], {
    env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret },
  });
  onTestFinished(() => void receiver.kill());
  let printed = '';
  receiver.stdout.on('data', (text: Buffer) => (printed += text.toString()));
  await once(receiver.stdout, 'data');

  const sender = openSender();
  const send = async (id: string, more: { secrets?: string[]; timestamp?: number } = {}) => {
    const body = JSON.stringify({ type: 'call.completed', timestamp: '2026-01-01T00:00:00Z', data: { id } });
    const event = eventTo(`http://127.0.0.1:${port}/`, { secrets: [secret], id, body, ...more });
    const result = await sender.send(event, new AbortController().signal);
    return 'status' in result ? result.status : result;
  };
  const now = Math.floor(Date.now() / 1_000);
  expect(await send('evt_good')).toBe(204);
  expect(await send('evt_good')).toBe(204);
  expect(await send('evt_rotated', { secrets: [newWebhookSecret(), secret] })).toBe(204);
  expect(await send('evt_forged', { secrets: [newWebhookSecret()] })).toBe(400);
  expect(await send('evt_old', { timestamp: now - 3_600 })).toBe(400);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(400);
  const line = (id: string) => `2026-01-01T00:00:00Z call.completed ${id} {"id":"${id}"}`;
  await expect
    .poll(() => printed.trim().split('\n').slice(1))
    .toEqual([line('evt_good'), line('evt_rotated')]);
});
