/** A week of 100,000 calls, as an operator's first page reads it. `npm run simulate` measures more. */
import { expect, it } from 'vitest';
import { stepMs } from '../../../src/domain/figures-step.ts';
import { MemoryStore } from '../../payloads/memory-store.ts';
import { ending } from '../../domain/ending-support.ts';
import { filesOf, newStore, read, writerOf } from './support.ts';

it('a week of 100,000 calls of 20 agents is read by hour in less than a second, and is small', async () => {
  const from = Date.parse('2026-11-23T00:00:00Z');
  const to = from + 7 * stepMs.day;
  // Thousands of minutes go through memory: a disk would take its time for each of them.
  const memory = new MemoryStore();
  const writer = writerOf(memory);
  const calls = 100_000;
  for (let call = 0; call < calls; call++) {
    const endedAt = from + Math.floor((call * (to - from)) / calls);
    if (call % 500 === 0) await writer.closeUntil(endedAt);
    const number = call % 20;
    const agent = `agent-${number}`;
    const latencyMs = 200 + ((call * 7_919) % 5_000);
    const answeredBy = call % 50 === 0 ? `agent-${(number + 1) % 20}` : agent;
    writer.add(
      ending({
        agent,
        answeredBy,
        endedAt,
        startedAt: endedAt - latencyMs - 5 - (call % 40),
        attempts: [{ agent: answeredBy, tries: 1, latencyMs }],
      }),
    );
  }
  await writer.closeUntil(to);
  const { store, path } = await newStore();
  for await (const { key } of memory.list('figures/'))
    await store.write(key, (await memory.read(key)) ?? Buffer.of());
  const files = Object.values(await filesOf(store, path));
  expect(files.length).toBe(7 * 25 + 1);
  expect(files.reduce((sum, hex) => sum + hex.length / 2, 0)).toBeLessThan(4 * 2 ** 20);

  const startedAt = performance.now();
  const { intervals, total } = await read(store, { from, to, step: 'hour', agentsByInterval: false });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(intervals).toHaveLength(7 * 24);
  expect(total.duration.count).toBe(calls);
});
