/** One run from its start to its verdict. */
import { writeFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { findReader } from './checks/database.ts';
import { checkDeletions } from './checks/deletions.ts';
import type { Finding } from './checks/evidence.ts';
import { secretsFinding } from './checks/files.ts';
import { checkIntegrity } from './checks/integrity.ts';
import { judge, type Judgement } from './checks/judge.ts';
import { checkEnd } from './checks/leaks.ts';
import { checkTexts } from './checks/texts.ts';
import { injectFaults } from './faults/inject.ts';
import { startLoad } from './load/lanes.ts';
import type { Options } from './options.ts';
import { clear, prepare, type Run } from './prepare.ts';
import { processesOf } from './product/cluster.ts';
import { faultFigures, faultTable, totalsLine, totalsOf, verdictTable } from './report.ts';

/** Whether every invariant held. */
export async function run(options: Options): Promise<boolean> {
  const startedAt = Date.now();
  const tell = (line: string): void => {
    console.error(`${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const stage = await prepare(options.seed, tell);
  try {
    const passed = report(options, await breakAndJudge(stage, options, tell));
    await clear(stage, !passed || options.keep);
    if (!passed) console.log(`\nseed ${options.seed} failed; the evidence is kept in ${stage.folder}`);
    return passed;
  } catch (error) {
    console.error(error);
    for (const one of processesOf(stage.cluster)) one.kill();
    await clear(stage, true);
    console.log(
      `\nseed ${options.seed} could not be run to its end; its evidence is kept in ${stage.folder}`,
    );
    return false;
  }
}

async function breakAndJudge(stage: Run, options: Options, tell: (line: string) => void): Promise<Judgement> {
  const { cluster, ledger, random } = stage;
  const load = startLoad({ ...stage, random: random.fork('load') }, options.lanes);
  const until = Date.now() + options.minutes * 60_000;
  await injectFaults({ ...stage, random: random.fork('faults') }, options.kinds, until, tell);
  tell('the last fault is over; everything is healed and followed up');
  await load.stop();
  const temporal = new Client({
    connection: await Connection.connect({
      address: cluster.temporalAddress,
      channelArgs: { 'grpc.max_receive_message_length': -1 },
    }),
  });
  const judgement = await judge({ ...stage, random: random.fork('end') }, { temporal, ledger, tell });
  await temporal.connection.close();
  judgement.findings.push(await checkEnd(cluster, stage.marker), ...(await checkRemains(stage, judgement)));
  return judgement;
}

/** What lies on the disk when nothing runs any more. */
async function checkRemains(stage: Run, judgement: Judgement): Promise<Finding[]> {
  const { database, store } = stage.cluster;
  const reader = await findReader(database);
  return [
    await checkIntegrity(reader, database),
    await checkDeletions(judgement.evidence, reader, database),
    await checkTexts(judgement.evidence, store.path),
    await secretsFinding(stage, judgement),
  ];
}

/** Prints the tables. Whether every invariant held. */
function report(options: Options, { findings, evidence }: Judgement): boolean {
  const totals = totalsOf(evidence);
  const faults = faultFigures(evidence);
  const passed = findings.every(({ violations }) => violations.length === 0);
  console.log(`${verdictTable(findings)}\n\n${faultTable(faults)}\n\n${totalsLine(totals)}`);
  const { seed, minutes, json } = options;
  const figures = { seed, minutes, passed, totals, faults, findings };
  if (json !== undefined) writeFileSync(json, JSON.stringify(figures, undefined, 2));
  return passed;
}
