/** An agent's answer survives a short outage of the payload store. */
import { expect, it } from 'vitest';
import { retryPayloadStore } from '../../src/activities/retry-payload-store.ts';
import { AgentError } from '../../src/agents/transport.ts';
import { PayloadStoreError } from '../../src/payloads/payload-store.ts';

const failing = (times: number) => {
  let left = times;
  return (): Promise<string> =>
    left-- > 0 ? Promise.reject(new PayloadStoreError('away')) : Promise.resolve('stored');
};

it('an operation that the payload store fails is retried until it succeeds', async () => {
  expect(await retryPayloadStore(new AbortController().signal, failing(2))).toBe('stored');
});

it('an error that does not come from the payload store is thrown at once', async () => {
  let tries = 0;
  const broken = (): Promise<string> => {
    tries += 1;
    return Promise.reject(new Error('a bug'));
  };
  await expect(retryPayloadStore(new AbortController().signal, broken)).rejects.toThrow('a bug');
  expect(tries).toBe(1);
});

it("the retries end with the store's error when the time is up, and with the cancellation when the call is cancelled", async () => {
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
