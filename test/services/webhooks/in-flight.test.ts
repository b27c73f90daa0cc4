import { expect, test } from 'vitest';
import { InFlight } from '../../../src/services/webhooks/in-flight.ts';

/** Work that goes on until it is ended. */
function open(inFlight: InFlight, ...keys: string[]) {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const result = inFlight.run(async (takeKey) => {
    if (!keys.every(takeKey)) return 'no key';
    await ended;
    return 'done';
  });
  return { result, end };
}

test('what exceeds the bound is busy at once, and has room when one ends', async () => {
  const inFlight = new InFlight(2, 2);
  const [first, second] = [open(inFlight), open(inFlight)];
  expect(await open(inFlight).result).toBe('busy');
  first.end();
  expect(await first.result).toBe('done');
  const third = open(inFlight);
  expect(await open(inFlight).result).toBe('busy');
  second.end();
  third.end();
  expect(await third.result).toBe('done');
});

test('one key leaves room for others, and its room comes back also after a failure', async () => {
  const inFlight = new InFlight(9, 1);
  const slow = open(inFlight, 'a');
  expect(await open(inFlight, 'a').result).toBe('no key');
  const failing = inFlight.run((takeKey) => Promise.reject(new Error(String(takeKey('b')))));
  await expect(failing).rejects.toThrow('true');
  const other = open(inFlight, 'b');
  slow.end();
  other.end();
  expect(await Promise.all([slow.result, other.result])).toEqual(['done', 'done']);
  const again = open(inFlight, 'a');
  again.end();
  expect(await again.result).toBe('done');
});
