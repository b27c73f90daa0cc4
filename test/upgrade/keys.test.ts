/** Idempotency-Keys of before projects existed still name the calls that they started. The data directory was recorded. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';
import {
  appendOf,
  appendPath,
  batchOf,
  callOf,
  keyOf,
  oldCallers,
  oldKeys,
  sharedKey,
  type KeyedData,
} from './make-keyed-data.ts';
import { settings } from './old-data.ts';
import { unpackKeyedData } from './recorded-data.ts';

let test: TestNode;
let data: KeyedData;
/** With a key of before, and with one of the new kind. */
const clients: HttpClient[] = [];

beforeAll(async () => {
  const old = await unpackKeyedData();
  ({ data } = old);
  test = await startTestNode({
    ...settings,
    HOLDFAST_DATA_DIR: old.dataDir,
    HOLDFAST_API_KEYS: oldKeys.join(','),
  });
  const { body } = await test.http.post('/api/vps/keys', {
    name: 'new',
    scopes: ['call', 'read', 'operate'],
  });
  clients.push(test.http, new HttpClient(test.http.url, String(body.key)));
});
afterAll(() => test.close());

it.each([...oldCallers.keys()])(
  'of the caller %i, a repeat is answered by what was accepted',
  async (caller) => {
    for (const http of clients) {
      const call = await http.call(callOf(caller), keyOf(caller));
      expect(call.body).toMatchObject({
        call_id: data.calls[caller],
        success: true,
        response: `re: by ${caller}`,
      });
      const batch = await http.post('/api/vps/reruns', batchOf(caller), keyOf(caller));
      expect(batch.body).toEqual({ batch_id: data.batches[caller] });
      const append = await http.post(appendPath, appendOf(caller), keyOf(caller));
      expect(append.body).toMatchObject({ repeated: true });
    }
  },
);

it('of several callers with the same key, each has its own call, told by the request', async () => {
  expect(new Set(data.shared).size).toBe(oldCallers.length);
  for (const caller of oldCallers.keys())
    for (const http of clients) {
      const { body } = await http.call(callOf(caller), sharedKey);
      expect(body).toMatchObject({ call_id: data.shared[caller], response: `re: by ${caller}` });
    }
  const other = await test.http.call({ ...callOf(0), prompt: 'of nobody' }, sharedKey);
  expect(other.body.error_type).toBe('idempotency_mismatch');
});

it('nothing was started or appended twice', async () => {
  const { messages } = (await test.http.get('/api/vps/sessions/appended')).body as { messages: Json[] };
  expect(messages.map(({ content }) => content)).toEqual(
    [...oldCallers.keys()].map((caller) => `appended by ${caller}`),
  );
  await expect
    .poll(async () => (await test.http.get('/api/vps/calls/counts')).body.total, { timeout: 20_000 })
    .toBe(2 * oldCallers.length);
});

it('a repeat with another body is refused', async () => {
  for (const caller of oldCallers.keys()) {
    const other = await test.http.call({ ...callOf(caller), prompt: 'another' }, keyOf(caller));
    expect(other.body.error_type).toBe('idempotency_mismatch');
  }
});
