/** Figures of a week of calls, written as the feed writes them, into the payload store of a test's node. */
import { join } from 'node:path';
import { startOf, stepMs } from '../../src/domain/figures-step.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { FigureFiles } from '../../src/services/figures/figure-files.ts';
import { FigureWriter } from '../../src/services/figures/figure-writer.ts';
import { ending } from '../domain/ending-support.ts';

const agents = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
/** The minutes of each hour in which calls end. */
const minutes = [3, 9, 14, 21, 26, 33, 39, 44, 51, 57];
/** The current hour and the one before are left to the node's own writer. */
const hours = 7 * 24 - 2;

/** Writes 166 hours of calls, of which every 50th failed, and every 20th failed over. Returns how many there were. */
export async function writeWeek(dataDir: string, callsPerHour: number): Promise<number> {
  const files = new FigureFiles(createFileStore(join(dataDir, 'payloads')));
  const writer = new FigureWriter(files);
  const end = startOf('hour', Date.now()) - stepMs.hour;
  let calls = 0;
  for (let hour = end - hours * stepMs.hour; hour < end; hour += stepMs.hour)
    for (let index = 0; index < callsPerHour; index++)
      writer.add(endingOf(calls++, hour + (minutes[index % minutes.length] ?? 0) * stepMs.minute));
  await writer.closeUntil(end);
  return calls;
}

function endingOf(index: number, endedAt: number) {
  const agent = agents[index % agents.length] ?? '';
  const other = agents[(index + 1) % agents.length] ?? '';
  const latencyMs = 200 + ((index * 37) % 3_000);
  const common = { agent, startedAt: endedAt - latencyMs - 30, endedAt };
  const timedOut = { agent, errorType: 'timeout', tries: 2, latencyMs: 100 } as const;
  if (index % 50 === 0)
    return ending({
      ...common,
      outcome: 'failed',
      errorType: 'timeout',
      answeredBy: undefined as never,
      attempts: [timedOut],
    });
  const answered = { agent, tries: 1, latencyMs };
  if (index % 20 !== 1) return ending({ ...common, answeredBy: agent, attempts: [answered] });
  const attempts = [timedOut, { ...answered, agent: other, latencyMs: latencyMs - 100 }];
  return ending({ ...common, answeredBy: other, attempts });
}
