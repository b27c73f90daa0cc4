/** Does one run: starts the product, injects faults under load, checks the invariants and prints the verdict. */
import { writeFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { checkMust } from './checks/answers.ts';
import { checkDeletions } from './checks/deletions.ts';
import type { Finding } from './checks/evidence.ts';
import { secretsFinding } from './checks/files.ts';
import { checkIntegrity } from './checks/integrity.ts';
import { judge, type Judgement } from './checks/judge.ts';
import { checkEnd } from './checks/leaks.ts';
import { checkTexts } from './checks/texts.ts';
import type { Faults } from './faults/fault.ts';
import { injectFaults } from './faults/inject.ts';
import { startLoad } from './load/lanes.ts';
import type { Options } from './options.ts';
import { clear, prepare, type Run } from './prepare.ts';
import type { Product } from './product/product.ts';
import { faultFigures, faultTable, totalsLine, totalsOf, verdictTable } from './report.ts';
import type { Setup } from './setups.ts';

/** Does a run and returns whether every invariant held. Keeps the evidence if one did not hold or if the run failed. */
export async function run<P extends Product>(setup: Setup<P>, options: Options): Promise<boolean> {
  const startedAt = Date.now();
  const print = (line: string): void => {
    console.error(`${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const stage = await prepare(setup.start, options.seed, print);
  try {
    const passed = report(options, await breakAndJudge(stage, setup, options, print));
    await clear(stage, !passed || options.keep);
    if (!passed) console.log(`\nseed ${options.seed} failed; the evidence is kept in ${stage.folder}`);
    return passed;
  } catch (error) {
    console.error(error);
    await Promise.all(stage.product.processes.map((one) => one.kill()));
    await clear(stage, true);
    console.log(`\nseed ${options.seed} failed before its end; the evidence is kept in ${stage.folder}`);
    return false;
  }
}

/** Runs load and faults, then all checks. */
async function breakAndJudge<P extends Product>(
  stage: Run<P>,
  { faults }: Setup<P>,
  options: Options,
  print: (line: string) => void,
): Promise<Judgement> {
  const { product, ledger, random } = stage;
  const load = startLoad({ ...stage, random: random.fork('load') }, options.lanes);
  const { kinds, minutes, must } = options;
  const end = { until: Date.now() + minutes * 60_000, must, calledOff: () => load.failed };
  let missing: readonly string[];
  try {
    missing = await injectFaults(
      { ...stage, random: random.fork('faults') },
      only(faults, kinds),
      end,
      print,
    );
    print('the last fault is over; healing every process and waiting for the calls');
  } finally {
    // Also after a fault that threw: the load must not change the evidence any more.
    await load.stop();
  }
  const temporal = new Client({
    connection: await Connection.connect({
      address: product.temporalAddress,
      channelArgs: { 'grpc.max_receive_message_length': -1 },
    }),
  });
  const judgement = await judge({ ...stage, random: random.fork('end') }, { temporal, ledger, print });
  await temporal.connection.close();
  judgement.findings.push(
    ...checkMust(must, missing, stage.journal.skipped),
    await checkEnd(product, stage.marker),
    ...(await checkRemains(stage, judgement)),
  );
  return judgement;
}

function only<P extends Product>(faults: Faults<P>, kinds: readonly string[]): Faults<P> {
  return Object.fromEntries(Object.entries(faults).filter(([kind]) => kinds.includes(kind)));
}

/** Checks what remains on the disk after every process has ended. */
async function checkRemains(stage: Run<Product>, { evidence, withSecrets }: Judgement): Promise<Finding[]> {
  const { product } = stage;
  const data = await product.openData();
  const inDatabase: Finding[] = [];
  try {
    inDatabase.push(await checkIntegrity(data), await checkDeletions(evidence, data));
  } finally {
    await data?.close();
  }
  return [
    ...inDatabase,
    await checkTexts(evidence, product.store.path),
    await secretsFinding(stage, { withSecrets }),
  ];
}

/** Prints the tables and writes the JSON file. Returns whether every invariant held. */
function report(options: Options, { findings, evidence }: Judgement): boolean {
  const totals = totalsOf(evidence);
  const faults = faultFigures(evidence);
  const passed = findings.every(({ violations }) => violations.length === 0);
  console.log(`${verdictTable(findings)}\n\n${faultTable(faults)}\n\n${totalsLine(totals)}`);
  const { cluster, seed, minutes, json } = options;
  const figures = { cluster, seed, minutes, passed, totals, faults, findings };
  if (json !== undefined) writeFileSync(json, JSON.stringify(figures, undefined, 2));
  return passed;
}
