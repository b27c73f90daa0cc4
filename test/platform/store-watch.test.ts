/** A payload store that cannot be used is noticed when a node starts. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { startNode } from '../../src/node/start-node.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { claimPort } from '../../src/platform/embedded/ports.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/logging.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import { StoreWatch } from '../../src/platform/store-watch.ts';
import { startTestNode, testEnvironment } from '../rig/test-node.ts';

test('a store that is set up wrongly ends the start with an error that names the setting', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'file'), '');
  const first = new StoreWatch(createFileStore(join(folder, 'file')), createLog('silent')).first();
  await expect(first).rejects.toThrow(StartupError);
  await expect(first).rejects.toThrow('HOLDFAST_PAYLOAD_STORE');
});

const bucketAt = (port: number) => ({
  HOLDFAST_PAYLOAD_STORE: 's3://bucket/prefix',
  AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
});

async function startBucket(port: number): Promise<void> {
  const written = new Map<string, Buffer>();
  const bucket = createServer((request, response) => {
    const { method, url = '' } = request;
    void buffer(request).then((body) => {
      if (method === 'PUT') written.set(url, body);
      response.end(written.get(url));
    });
  });
  await once(bucket.listen(port, '127.0.0.1'), 'listening');
  onTestFinished(() => void bucket.close());
}

test('a node is not ready while its bucket cannot be reached, and becomes ready when it can', async () => {
  const port = await claimPort(0, '');
  const node = await startTestNode(bucketAt(port));
  onTestFinished(() => node.close());
  const away = await node.http.get('/readyz');
  expect(away).toMatchObject({ status: 503, body: { error_type: 'payload_store_unavailable' } });
  expect(away.headers.get('Retry-After')).not.toBeNull();

  await startBucket(port);
  await expect.poll(async () => (await node.http.get('/readyz')).status, { timeout: 15_000 }).toBe(200);
});

test("a node ends if its bucket, once it can be reached, is not the cluster's payload store", async () => {
  const environment = await testEnvironment();
  const before = await startNode(loadConfig(environment), createLog('silent'));
  await before.stop();
  const port = await claimPort(0, '');
  const node = await startTestNode({ HOLDFAST_DATA_DIR: environment.HOLDFAST_DATA_DIR, ...bucketAt(port) });
  onTestFinished(() => node.close());
  expect((await node.http.get('/api/vps/nodes')).body.nodes).toMatchObject([{ store_id: null }]);
  await startBucket(port);
  expect(await node.node.failed).toMatch(/Its payload store .* is not the cluster/);
  expect((await node.http.get('/readyz')).status).toBe(503);
});
