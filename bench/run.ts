/** Does one run: measures all rows in rounds and finally, once enough calls are stored, the list of calls. */
import { call } from './http.ts';
import { storeCalls } from './load.ts';
import type { Options } from './options.ts';
import { inTemporaryFolder } from './product.ts';
import { report, thisMachine, type Report } from './report.ts';
import { measure, type MeasuredRow, type Progress } from './rounds.ts';
import type { RowName } from './row-names.ts';
import { startStage, type Stage } from './stage.ts';
import type { Subject } from './subject.ts';

type Wanted = Pick<Options, 'calls' | 'rounds' | 'concurrency' | 'rows' | 'stored'>;

export async function runBench(options: Wanted, progress: Progress): Promise<Report> {
  const machine = thisMachine();
  return inTemporaryFolder(async (folder) => {
    progress('starting');
    const stage = await startStage(options.rows, folder);
    try {
      const failures: string[] = [];
      const rows = await measureAll(stage, options, progress, failures);
      return { ...report(rows, options, machine), failures };
    } finally {
      await stage.stop();
    }
  });
}

async function measureAll(
  { subjects, product }: Stage,
  options: Wanted,
  progress: Progress,
  failures: string[],
): Promise<Map<RowName, MeasuredRow>> {
  const isList = ({ name }: Subject): boolean => name === 'calls-list';
  const each = (some: readonly Subject[]) => some.map((subject) => [[subject.name, subject] as const]);
  const rows = await measure(each(subjects.filter((one) => !isList(one))), options, progress, failures);
  const lists = subjects.filter(isList);
  if (lists.length > 0) {
    await storeCalls(product.url, options.stored, progress, () => call(product.url, { agent_name: 'quick' }));
    for (const [name, row] of await measure(each(lists), options, progress, failures)) rows.set(name, row);
  }
  return rows;
}
