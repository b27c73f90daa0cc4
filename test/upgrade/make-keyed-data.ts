/**
 * Makes a data directory with the code of another checkout, from before an Idempotency-Key belonged to a project. Then its
 * caller was `local` on a node without API keys, and otherwise each of HOLDFAST_API_KEYS.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { echo, settings, startOldAgent } from './old-data.ts';
import { startOldProcesses } from './old-processes.ts';

export const oldKeys = ['first-key-of-before-0123456789', 'second-key-of-before-0123456789'];
/** The callers of before: without a key, and with each of the keys. */
export const oldCallers: readonly (string | undefined)[] = [undefined, ...oldKeys];

/** What was accepted with the key `of <caller>`, by the caller's index. */
export interface KeyedData {
  readonly calls: readonly string[];
  /** The calls of all callers with the same key. */
  readonly shared: readonly string[];
  readonly batches: readonly string[];
}

export const keyOf = (caller: number) => ({ 'Idempotency-Key': `of ${caller}` });
export const sharedKey = { 'Idempotency-Key': 'of everybody' };
export const callOf = (caller: number): Json => ({
  agent_name: 'helper',
  prompt: `by ${caller}`,
  session_id: 's',
});
export const batchOf = (caller: number): Json => ({ filter: { text: `none-of-${caller}` } });
export const appendOf = (caller: number): Json => ({
  messages: [{ role: 'user', content: `appended by ${caller}` }],
});
export const appendPath = '/api/vps/sessions/appended/messages';

/** Makes the data in a new folder. */
export async function makeKeyedData(checkout: string): Promise<{ dataDir: string; data: KeyedData }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  const agent = await startOldAgent(echo);
  const data = { calls: [] as string[], shared: [] as string[], batches: [] as string[] };
  try {
    for (const keys of [[], oldKeys]) {
      const own = { ...settings, HOLDFAST_DATA_DIR: dataDir, HOLDFAST_API_KEYS: keys.join(',') };
      const old = await startOldProcesses(checkout, own);
      try {
        if (keys.length === 0) await old.http.register('helper', agent.port, {});
        for (const [caller, key] of oldCallers.entries()) {
          if ((key === undefined) !== (keys.length === 0)) continue;
          const http = new HttpClient(old.http.url, key);
          data.calls.push(String((await http.call(callOf(caller), keyOf(caller))).body['call_id']));
          data.shared.push(String((await http.call(callOf(caller), sharedKey)).body['call_id']));
          const batch = await http.post('/api/vps/reruns', batchOf(caller), keyOf(caller));
          data.batches.push(String(batch.body['batch_id']));
          await http.post(appendPath, appendOf(caller), keyOf(caller));
        }
      } finally {
        await old.close();
      }
    }
  } finally {
    await agent.close();
  }
  return { dataDir, data };
}
