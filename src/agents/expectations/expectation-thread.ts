/** The worker thread that compiles expectations and checks answers, so that a slow check does not block the event loop. */
import { parentPort } from 'node:worker_threads';
import { LRUCache } from 'lru-cache';
import type { AgentExpectation } from '../../domain/agent.ts';
import { compileExpectation, type Check } from './expectation.ts';

/** A message to the thread. */
export interface CheckRequest {
  readonly expectation: AgentExpectation;
  /** The answer to check. Without it the expectation is only compiled. */
  readonly text?: string;
}

/**
 * The thread's reply. `wrong` says what is wrong with the answer; undefined if it meets the expectation. `fault` says why the
 * expectation cannot be used.
 */
export type CheckReply = { readonly wrong: string | undefined } | { readonly fault: string };

/**
 * The compiled expectations. They are cached because compiling takes milliseconds; the cache is bounded because they take
 * memory.
 */
const compiled = new LRUCache<string, Check>({ max: 200 });

function checkOf(expectation: AgentExpectation): Check {
  const key = JSON.stringify(expectation);
  const check = compiled.get(key) ?? compileExpectation(expectation);
  compiled.set(key, check);
  return check;
}

function replyTo({ expectation, text }: CheckRequest): CheckReply {
  try {
    const check = checkOf(expectation);
    return { wrong: text === undefined ? undefined : check(text) };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

parentPort?.on('message', (request: CheckRequest) => parentPort?.postMessage(replyTo(request)));
parentPort?.postMessage('ready');
