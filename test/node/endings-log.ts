/** Reads the log of endings of a node under test. */
import { createFileStore } from '../../src/payloads/file-store.ts';
import { join } from 'node:path';
import type { Ending } from '../../src/domain/ending.ts';
import { EndingLog, type Segment } from '../../src/services/endings/ending-log.ts';

/** Returns the segments that the log has, oldest first. */
export async function segmentsIn(dataDir: string): Promise<Segment[]> {
  const log = new EndingLog(createFileStore(join(dataDir, 'payloads')));
  const segments: Segment[] = [];
  for (let number = 1; ; number++) {
    const segment = await log.read(number);
    if (!segment) return segments;
    segments.push(segment);
  }
}

/** Returns all endings, in the order of the log. */
export async function endingsIn(dataDir: string): Promise<Ending[]> {
  return (await segmentsIn(dataDir)).flatMap(({ endings }) => endings);
}
