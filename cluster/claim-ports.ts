import { freePorts, isFree, localhost } from './free-ports.ts';

/** Every port of a cluster by what listens there, e.g. `facade-1`. */
export type Ports = Readonly<Record<string, number>>;

/** The ports of the Temporal server: its four services listen for calls and for each other. */
export const temporalPorts = [
  'FRONTEND_GRPC_PORT',
  'FRONTEND_HTTP_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'HISTORY_GRPC_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'MATCHING_GRPC_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'WORKER_GRPC_PORT',
  'WORKER_MEMBERSHIP_PORT',
] as const;

/** A new cluster gets these where they are free. */
const usual: Ports = { FRONTEND_GRPC_PORT: 7233, 'facade-1': 18_789, 'facade-2': 18_790 };

export const namesOf = (role: 'facade' | 'worker', count: number): string[] =>
  Array.from({ length: count }, (_none, index) => `${role}-${index + 1}`);

/**
 * Those of the last start, else the usual ones, else any; all of them free. Facades listen on `host`, the others on
 * 127.0.0.1. Throws `StartupError` where nothing can listen on `host`.
 */
export async function claimPorts(
  facades: number,
  workers: number,
  { last = {}, host = localhost }: { readonly last?: Ports | undefined; readonly host?: string } = {},
): Promise<Ports> {
  const ofFacades = namesOf('facade', facades);
  const names = ['postgres', ...temporalPorts, ...ofFacades, ...namesOf('worker', workers)];
  const taken = new Set<number>();
  const ports: Record<string, number> = {};
  for (const name of names) {
    const on = ofFacades.includes(name) ? host : localhost;
    const wished = [last[name], usual[name]].filter((port) => port !== undefined && !taken.has(port));
    const port = (await firstFree(wished, on)) ?? (await otherThan(taken, on));
    taken.add(port);
    ports[name] = port;
  }
  return ports;
}

async function firstFree(wished: readonly (number | undefined)[], host: string): Promise<number | undefined> {
  for (const port of wished) if (port !== undefined && (await isFree(port, host))) return port;
  return undefined;
}

async function otherThan(taken: ReadonlySet<number>, host: string): Promise<number> {
  for (;;) {
    const [port] = await freePorts(1, host);
    if (port !== undefined && !taken.has(port)) return port;
  }
}
