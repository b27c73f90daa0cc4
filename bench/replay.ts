/**
 * `npx tsx bench/replay.ts [COUNT]` measures how long it takes to replay COUNT calls (default 1,000), first in one process and
 * then in one process per core. The recorded histories are repeated until there are COUNT of them.
 */
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/platform/paths.ts';
import type { HistorySource } from '../src/replay/history-source.ts';
import { replayHistories } from '../src/replay/replay-histories.ts';

const total = Number(process.argv[2] ?? 1_000);
const folder = join(packageRoot, 'test', 'replay', 'histories');
/**
 * The names of the histories of calls. Only these are replayed, because entities are few and live long, so nearly all histories
 * that a nightly replay reads are of calls.
 */
const ofCalls = (await readdir(folder)).filter((name) => !/^(agent|session)/.test(name));
const texts = await Promise.all(ofCalls.map((name) => readFile(join(folder, name), 'utf8')));

async function* histories(): AsyncGenerator<HistorySource> {
  for (let index = 0; index < total; index++) {
    const text = await Promise.resolve(texts[index % texts.length] ?? '');
    yield { name: String(index), history: JSON.parse(text) as unknown };
  }
}

const seconds: number[] = [];
for (const parallel of [1, availableParallelism()]) {
  const { same, durationMs } = await replayHistories(histories(), { parallel });
  if (same !== total) throw new Error(`Only ${same} of ${total} histories replay without a difference`);
  seconds.push(durationMs / 1_000);
  console.log(
    `${total} histories, ${parallel} at a time: ${(durationMs / 1_000).toFixed(1)} s, ${(durationMs / total).toFixed(1)} ms each`,
  );
}
const [alone = 0, together = 1] = seconds;
console.log(`ratio one process / ${availableParallelism()}: ${(alone / together).toFixed(2)}`);
