/** Gathers the evidence while the product still runs, and runs every check on it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { openPayloadStore } from '../../src/payloads/open-store.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import type { Ledger } from '../agents/ledger.ts';
import type { FaultStage } from '../faults/fault.ts';
import { checkAnswers, checkLeftovers, checkRecovery } from './answers.ts';
import { checkDeadlines } from './deadlines.ts';
import { checkEndedOnce } from './ended-once.ts';
import { checkEndingGap } from './ending-gap-hits.ts';
import type { Evidence, Finding } from './evidence.ts';
import { checkExecutions } from './executions.ts';
import { gather } from './gather.ts';
import { Histories } from './histories.ts';
import { checkSlots, checkSockets, checkTurnsAndBounds } from './leaks.ts';
import { settle } from './settle.ts';
import { checkStoredReports } from './stored-reports.ts';
import { checkTurns } from './turns.ts';

/** The result of all checks that need the running product. */
export interface Judgement {
  readonly evidence: Evidence;
  readonly findings: Finding[];
  /** One line for each secret that was found in a history. */
  readonly withSecrets: readonly string[];
}

interface Tools {
  readonly temporal: Client;
  readonly ledger: Ledger;
  readonly print: (line: string) => void;
}

/** Waits until every call has ended, then runs the checks. Keeps the histories that a violation names in the evidence. */
export async function judge(stage: FaultStage & { folder: string }, tools: Tools): Promise<Judgement> {
  const { temporal, ledger, print } = tools;
  const problems = await settle(stage, stage.product, temporal);
  const settled: Finding = {
    row: 'I2',
    what: 'every call ends after the last fault',
    checked: 1,
    violations: problems,
  };
  print('all calls have ended; checking for leaks');
  const slots = await checkSlots(stage, stage.product);
  const turns = await checkTurnsAndBounds(stage);
  const sockets = await checkSockets(stage.product);
  print('reading and replaying every history');
  const folder = join(stage.folder, 'histories');
  await mkdir(folder);
  const texts = new TextStore(openPayloadStore({ kind: 'folder', path: stage.product.store.path }), 0);
  const histories = new Histories(temporal, { secrets: stage.secrets, folder, texts });
  const read = await histories.read();
  const evidence = await gather(stage, ledger, read);
  const answers = [...stage.journal.statuses.values()].reduce((sum, count) => sum + count, 0);
  const findings = [
    checkEndedOnce(evidence),
    settled,
    checkExecutions(evidence),
    checkTurns(evidence),
    checkStoredReports(evidence),
    checkDeadlines(evidence),
    { row: 'I8', what: 'every history replays', checked: read.count, violations: read.notReplayed },
    checkAnswers(evidence, answers),
    checkRecovery(evidence),
    checkLeftovers(evidence),
    ...checkEndingGap(evidence),
    ...[...stage.journal.skipped].map(([kind, skipped]) => ({
      row: 'faults',
      what: kind,
      checked: 0,
      violations: [],
      skipped,
    })),
    slots,
    turns,
    sockets,
  ];
  await keepSuspects(histories, evidence, findings);
  return { evidence, findings, withSecrets: read.withSecrets };
}

/** Keeps the histories of the calls and sessions that a violation names, at most 100. */
async function keepSuspects(
  histories: Histories,
  evidence: Evidence,
  findings: readonly Finding[],
): Promise<void> {
  const text = findings.flatMap(({ violations }) => violations).join('\n');
  const calls = [...evidence.calls.keys()].filter((id) => text.includes(id)).map((id) => `call-${id}`);
  const sessions = [...evidence.sessions.keys()]
    .filter((id) => text.includes(`${id}:`))
    .map((id) => `session-${id}`);
  for (const workflowId of [...calls, ...sessions].slice(0, 100))
    await histories.keep(workflowId).catch(() => undefined);
}
