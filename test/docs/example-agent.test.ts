import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import { closedPort } from '../agents/support.ts';

test('the example agent refuses invalid requests and wrong methods, and still answers the next prompt', async () => {
  const port = await closedPort();
  const agent = spawn(process.execPath, [join(packageRoot, 'examples/agent.js'), String(port)]);
  onTestFinished(() => void agent.kill());
  await once(agent.stdout, 'data');
  const url = `http://127.0.0.1:${port}/v1/messages`;
  const ask = (body: string) => fetch(url, { method: 'POST', body });
  for (const body of ['', '{', 'null', '{"model":"m"}', '{"messages":[]}'])
    expect((await ask(body)).status).toBe(400);
  expect((await fetch(url)).status).toBe(405);
  const answer = await ask('{"model":"m","messages":[{"role":"user","content":"Well?"}]}');
  expect(await answer.json()).toEqual({ content: 'm has read 1 messages; the last was: Well?' });
});
