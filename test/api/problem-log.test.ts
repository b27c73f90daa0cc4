/** What the log has of an error that nobody expected. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { noteCall } from '../../src/api/http/noted-call.ts';
import { problemHandler } from '../../src/api/http/problems.ts';
import type { Log } from '../../src/platform/logging.ts';

test('a request that fails is logged with its call, and without a key that was pasted into its path', async () => {
  const lines: unknown[] = [];
  const error = new Error('unexpected');
  const app = express();
  app.use((_request, response) => {
    noteCall(response, { callId: 'crm.one', project: 'crm' });
    throw error;
  });
  app.use(problemHandler({ error: (line: unknown) => lines.push(line) } as unknown as Log));
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/api/vps/calls/%68f_abc_secret/rerun`);
  expect(answer.status).toBe(500);
  const path = '/api/vps/calls/hf_.../rerun';
  expect(lines).toEqual([{ err: error, path, callId: 'crm.one', project: 'crm' }]);
});
