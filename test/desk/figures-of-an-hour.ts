/** Figures of an hour of calls to the agents of the scene, so that the plots of the screenshots have something to show. */
import { join } from 'node:path';
import type { Ending } from '../../src/domain/ending.ts';
import type { ErrorType } from '../../src/domain/failures.ts';
import { startOf, stepMs } from '../../src/domain/figures-step.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { FigureFiles } from '../../src/services/figures/figure-files.ts';
import { FigureWriter } from '../../src/services/figures/figure-writer.ts';
import { ending } from '../domain/ending-support.ts';

const minutes = 65;

/** Writes the figures of the minutes before the current one into the payload store of a node. */
export async function writeHour(dataDir: string): Promise<void> {
  const writer = new FigureWriter(new FigureFiles(createFileStore(join(dataDir, 'payloads'))));
  const end = startOf('minute', Date.now());
  for (let minute = 1; minute <= minutes; minute++) {
    const calls = 14 + Math.round(8 * Math.sin(minute / 9)) + (minute % 3);
    for (let index = 0; index < calls; index++)
      writer.add(endingOf(minute * 31 + index * 7, end - minute * stepMs.minute + index * 1_000));
  }
  await writer.closeUntil(end);
}

/** An ending that depends on `seed` alone: most calls are answered, some fail over, a few fail or are cancelled. */
function endingOf(seed: number, endedAt: number): Ending {
  const slow = seed % 23 === 0 ? 2_400 : 0;
  const latencyMs = 420 + ((seed * 37) % 380) + slow;
  const queuedMs = seed % 6 === 0 ? 150 + (seed % 90) : 0;
  const overheadMs = 14 + (seed % 17);
  const common = { endedAt, queuedMs, startedAt: endedAt - latencyMs - queuedMs - overheadMs };
  const failing = { tries: 3, latencyMs: latencyMs / 2 };
  if (seed % 61 === 0)
    return ending({
      ...common,
      agent: 'support',
      outcome: 'cancelled',
      errorType: 'cancelled',
      answeredBy: undefined as never,
      attempts: [{ agent: 'support', errorType: 'cancelled', tries: 1, latencyMs }],
    });
  if (seed % 13 === 0) {
    const errorType: ErrorType = seed % 2 === 0 ? 'timeout' : 'auth';
    const attempts = [{ ...failing, agent: 'archive', errorType, latencyMs }];
    return ending({
      ...common,
      agent: 'archive',
      outcome: 'failed',
      errorType,
      answeredBy: undefined as never,
      attempts,
    });
  }
  const answered = { agent: 'support', tries: 1, latencyMs };
  if (seed % 5 !== 0)
    return ending({ ...common, agent: 'support', answeredBy: 'support', attempts: [answered] });
  const attempts = [
    { ...failing, agent: 'planner', errorType: 'model_error' },
    { ...answered, latencyMs: latencyMs / 2 },
  ] as const;
  return ending({ ...common, agent: 'planner', answeredBy: 'support', attempts });
}
