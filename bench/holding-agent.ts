import { setTimeout as pass } from 'node:timers/promises';
import { get } from './http.ts';

/** The agent that holds its requests until they are released. */
export interface HoldingAgent {
  /** How many requests it holds. */
  held(): Promise<number>;
  /** Resolves once it holds at least `count` requests. */
  untilHeld(count: number): Promise<void>;
  /** Answers all requests that it holds. */
  release(): Promise<unknown>;
}

export function holdingAgent(port: number): HoldingAgent {
  const url = `http://127.0.0.1:${port}`;
  const held = async (): Promise<number> => Number(await get(`${url}/held`));
  return {
    held,
    async untilHeld(count) {
      while ((await held()) < count) await pass(200);
    },
    release: () => get(`${url}/release`),
  };
}
