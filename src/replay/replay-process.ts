/**
 * The child process of a `ReplayLane`: replays one history after the other on one replay worker. It runs in a separate process
 * because a history that crashes Temporal's core leaves a worker that never ends.
 */
import type { History } from '../temporal-sdk/history-json.ts';
import { dataConverter } from '../temporal-sdk/payloads.ts';
import { Worker } from '@temporalio/worker';
import { createLog } from '../platform/logging.ts';
import { installRuntime } from '../platform/temporal-connection.ts';
import { divergenceOf } from './divergence.ts';
import { readableHistory } from './readable-history.ts';
import type { Verdict } from './verdict.ts';

/** The message from the parent: one history. The parent sends the next one after the verdict on this one. */
export interface ReplayTask {
  readonly name: string;
  readonly history: unknown;
}

interface Readable {
  readonly name: string;
  readonly history: History;
}

const [workflowBundlePath = ''] = process.argv.slice(2);
installRuntime(createLog('silent'));
process.on('disconnect', () => process.exit()); // The parent process has ended.

const sendVerdict = (verdict: Verdict): void => {
  process.send?.(verdict);
};
/** The history that the worker is replaying. It replays one at a time. */
let current: Readable | undefined;

async function* histories(): AsyncGenerator<{ workflowId: string; history: History }> {
  for (;;) {
    current = await nextReadable();
    yield { workflowId: current.name, history: current.history };
  }
}

function nextReadable(): Promise<Readable> {
  return new Promise((resolve) => {
    const take = ({ name, history }: ReplayTask): void => {
      try {
        const readable = { name, history: readableHistory(history) };
        if (!hasCommands(readable.history)) {
          sendVerdict({ name, verdict: 'same' });
          return;
        }
        process.off('message', take);
        resolve(readable);
      } catch (error) {
        sendVerdict({ name, verdict: 'unreadable', message: (error as Error).message });
      }
    };
    process.on('message', take);
  });
}

/**
 * Whether a worker has completed a task of the workflow. Without one the history has no commands that could differ, and the
 * core might wait forever for the first task.
 */
function hasCommands({ events }: History): boolean {
  return events?.some((event) => event.workflowTaskCompletedEventAttributes) ?? false;
}

function verdictOn({ name, history }: Readable, error: Error | undefined): Verdict {
  if (!error) return { name, verdict: 'same' };
  const divergence = divergenceOf(error.message, history);
  if (divergence) return { name, verdict: 'non_deterministic', ...divergence };
  const [, message = error.message] = /Failure \{ message: "((?:\\.|[^"\\])*)"/.exec(error.message) ?? [];
  return { name, verdict: 'unreadable', message };
}

const workflowBundle = { codePath: workflowBundlePath };
for await (const { error } of Worker.runReplayHistories({ workflowBundle, dataConverter }, histories()))
  if (current) sendVerdict(verdictOn(current, error));
