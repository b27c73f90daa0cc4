import { cpuMs, databaseBytes } from './meters.ts';

/** One row: a way to ask, and the processes that do the work. */
export interface Subject {
  readonly name: string;
  /** Durations in ms of `count` calls, `parallel` at a time; calls of one lane do not overlap. */
  readonly run: (count: number, parallel: number) => Promise<number[]>;
  /** Of our side's processes: the facade and worker, or the floor's. */
  readonly pids: readonly number[];
  /** The Temporal server's, and its database. */
  readonly server?: { readonly pid: number; readonly database: string };
  /** Makes one more call; its workflow's id. */
  readonly sample?: () => Promise<string>;
  /** Too dear for as many calls as the others. */
  readonly share?: number;
  /** Subtracted from each duration: what the agent itself takes, in ms. */
  readonly agentMs?: number;
}

/** Lanes that each call again as soon as they have their answer. */
export function inLanes(call: (lane: number) => Promise<unknown>): Subject['run'] {
  return async (count, parallel) => {
    const durations: number[] = [];
    let left = count;
    const lane = async (index: number): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const startedAt = performance.now();
        await call(index);
        durations.push(performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: parallel }, (_, index) => lane(index)));
    return durations;
  };
}

/** What a row has used so far. */
export interface Used {
  readonly atMs: number;
  readonly nodeCpuMs: number;
  readonly serverCpuMs: number;
  readonly databaseBytes: number;
}

export async function usedBy({ pids, server }: Subject): Promise<Used> {
  const [own, serverCpuMs, bytes] = await Promise.all([
    Promise.all(pids.map(cpuMs)),
    server ? cpuMs(server.pid) : NaN,
    server ? databaseBytes(server.database) : NaN,
  ]);
  return {
    atMs: performance.now(),
    nodeCpuMs: own.length === 0 ? NaN : own.reduce((sum, ms) => sum + ms, 0),
    serverCpuMs,
    databaseBytes: bytes,
  };
}
