/** A node is killed with -9 in the middle of a deletion: the next process goes on with it. */
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { echo } from '../api/scripts.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';

test('a session is deleted with its calls though its node is killed before its payload store is back', async () => {
  const environment = await testEnvironment();
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const store = join(environment.HOLDFAST_DATA_DIR, 'payloads');
  const first = await startNodeProcess(environment);
  const agent = await startAgent(echo);
  onTestFinished(() => agent.close());
  await first.http.register('echo', agent.port);
  const prompt = 'x'.repeat(20_000);
  const callIn = async (session_id: string): Promise<string> =>
    String((await first.http.call({ agent_name: 'echo', prompt, session_id })).body.call_id);
  const deleted = [await callIn('deleted'), await callIn('deleted')];
  const kept = await callIn('kept');
  const owners = async () => [
    (await readdir(join(store, 'calls'))).length,
    (await readdir(join(store, 'sessions')).catch(() => [])).length,
  ];
  // A session copies the texts of a turn when it takes the ending over, which is after the answer.
  await expect.poll(owners, { timeout: 60_000 }).toEqual([3, 2]);

  await rename(store, `${store}.away`);
  await writeFile(store, 'no folder');
  const removal = await first.http.delete('/api/vps/sessions/deleted?calls=true');
  expect(removal).toMatchObject({ status: 202, body: { session_id: 'deleted', status: 'deleting' } });
  expect((await first.http.get('/api/vps/sessions/deleted')).status).toBe(404);
  first.process.kill('SIGKILL');
  await first.process.exited;
  await rm(store);
  await rename(`${store}.away`, store);

  const second = await startNodeProcess(samePlace(environment, first));

  const statuses = () =>
    Promise.all(deleted.map(async (id) => (await second.http.get(`/api/vps/calls/${id}`)).status));
  await expect.poll(statuses, { timeout: 60_000 }).toEqual([404, 404]);
  await expect.poll(owners, { timeout: 60_000 }).toEqual([1, 1]);
  expect((await second.http.get(`/api/vps/calls/${kept}`)).body.prompt).toBe(prompt);
}, 240_000);
