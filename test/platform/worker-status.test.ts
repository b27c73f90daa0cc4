import { expect, onTestFinished, test } from 'vitest';
import { claimPort } from '../../src/platform/embedded/ports.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { noLoad } from './no-load.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import { serveWorkerStatus } from '../../src/platform/worker-status.ts';

const metrics = createMetrics({ ...noLoad, asksInFlight: () => 4 });

async function serve(running: () => boolean, served = metrics) {
  const port = await claimPort(0, 'HOLDFAST_WORKER_PORT');
  const worker = { running, ended: new Promise<string>(() => undefined), stop: () => Promise.resolve() };
  const stop = await serveWorkerStatus(port, served, worker);
  onTestFinished(stop);
  return { port, stop, get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`) };
}

test('/healthz is 200 while the worker runs and 503 otherwise', async () => {
  let running = true;
  const { get } = await serve(() => running);
  expect((await get('/healthz')).status).toBe(200);
  running = false;
  expect((await get('/healthz')).status).toBe(503);
});

test('/metrics has the exposition format, and any other path is 404', async () => {
  const { get } = await serve(() => true);
  const answer = await get('/metrics');
  expect(answer.headers.get('Content-Type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await answer.text()).toMatch(/^holdfast_asks_in_flight 4$/m);
  for (const path of ['/', '/readyz', '/api/vps/status']) expect((await get(path)).status).toBe(404);
});

test('/metrics is 500 if the metrics cannot be read, and the worker goes on', async () => {
  const page = () => Promise.reject(new Error('away'));
  const { get } = await serve(() => true, { ...metrics, page });
  const answer = await get('/metrics');
  expect([answer.status, await answer.text()]).toEqual([500, 'The metrics could not be read: Error: away']);
  expect((await get('/healthz')).status).toBe(200);
});

test('the error for a port in use names the setting', async () => {
  const { port } = await serve(() => true);
  const worker = {
    running: () => true,
    ended: new Promise<string>(() => undefined),
    stop: () => Promise.resolve(),
  };
  const error: unknown = await serveWorkerStatus(port, metrics, worker).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartupError);
  expect((error as StartupError).message).toBe(
    `Port ${port} on 127.0.0.1 is in use: set HOLDFAST_WORKER_PORT to a free one`,
  );
});

test('once stopped it no longer listens, even if a client keeps its connection', async () => {
  const { get, stop } = await serve(() => true);
  await get('/healthz');
  await stop();
  await expect(get('/healthz')).rejects.toThrow('fetch failed');
});
