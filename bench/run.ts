/** Does one run: measures all rows in rounds and finally, once enough calls are stored, the list of calls. */
import { call } from './http.ts';
import { storeCalls } from './load.ts';
import type { Options } from './options.ts';
import { inTemporaryFolder } from './product.ts';
import { report, thisMachine, type Report } from './report.ts';
import { measure, type Group, type MeasuredRow, type Progress } from './rounds.ts';
import type { RowName } from './row-names.ts';
import { startStage, type Stage } from './stage.ts';
import type { Subject } from './subject.ts';

type Wanted = Pick<Options, 'calls' | 'rounds' | 'concurrency' | 'rows' | 'stored'>;

export async function runBench(options: Wanted, progress: Progress): Promise<Report> {
  const machine = thisMachine();
  return inTemporaryFolder(async (folder) => {
    progress('starting');
    const stage = await startStage(options.rows, options, folder);
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
  const groups = inGroups(subjects.filter((one) => !isList(one)));
  const rows = await measure(groups, options, progress, failures);
  const lists = subjects.filter(isList);
  if (lists.length > 0) {
    await storeCalls(product.url, options.stored, progress, () => call(product.url, { agent_name: 'quick' }));
    for (const [name, row] of await measure(inGroups(lists), options, progress, failures))
      rows.set(name, row);
  }
  return rows;
}

/** Rows of a millisecond or two, whose sequential requests alternate, so that a slow moment affects both of their medians. */
const alternating: readonly RowName[] = ['describe', 'http', 'session-read'];

function inGroups(subjects: readonly Subject[]): Group<RowName>[] {
  const together = subjects.filter(({ name }) => alternating.includes(name));
  return subjects.flatMap((subject) => {
    const group = together.includes(subject) ? together : [subject];
    return group[0] === subject ? [group.map((one) => [one.name, one] as const)] : [];
  });
}
