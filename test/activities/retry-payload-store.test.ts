/** An agent's answer waits for the payload store, within its time. */
import { expect, it } from 'vitest';
import { retryPayloadStore } from '../../src/activities/retry-payload-store.ts';
import { AgentError } from '../../src/agents/transport.ts';
import { PayloadStoreError } from '../../src/payloads/payload-store.ts';

const failing = (times: number) => {
  let left = times;
  return (): Promise<string> =>
    left-- > 0 ? Promise.reject(new PayloadStoreError('away')) : Promise.resolve('stored');
};

it('repeats what the store did not do until it does', async () => {
  expect(await retryPayloadStore(new AbortController().signal, failing(2))).toBe('stored');
});

it('does not repeat what is no fault of the store', async () => {
  let tries = 0;
  const broken = (): Promise<string> => {
    tries += 1;
    return Promise.reject(new Error('a bug'));
  };
  await expect(retryPayloadStore(new AbortController().signal, broken)).rejects.toThrow('a bug');
  expect(tries).toBe(1);
});

it("gives up with the store's error when its time is over, and with the cancellation when it is cancelled", async () => {
  const overdue = new AbortController();
  const first = retryPayloadStore(overdue.signal, failing(Infinity));
  overdue.abort(new AgentError('timeout', 'no time left'));
  await expect(first).rejects.toThrow(PayloadStoreError);

  const cancelled = new AbortController();
  const second = retryPayloadStore(cancelled.signal, failing(Infinity));
  cancelled.abort(new Error('cancelled'));
  await expect(second).rejects.toThrow('cancelled');
  await expect(retryPayloadStore(AbortSignal.abort(new Error('before')), failing(1))).rejects.toThrow(
    'before',
  );
});
