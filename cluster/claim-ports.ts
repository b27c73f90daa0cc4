import { createSocket, type Socket } from 'node:dgram';
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
const defaultPorts: Ports = { FRONTEND_GRPC_PORT: 7233, 'facade-1': 18_789, 'facade-2': 18_790 };

export const namesOf = (role: 'facade' | 'worker', count: number): string[] =>
  Array.from({ length: count }, (_none, index) => `${role}-${index + 1}`);

export interface ClaimedPorts {
  readonly ports: Ports;
  /** Lets other clusters have them. */
  readonly release: () => void;
}

/**
 * Those of the last start, else the default ones, else any; all of them free. No other cluster of this machine gets them
 * until they are released or this process ends. Facades listen on `host`, the others on 127.0.0.1. Throws `StartupError`
 * where nothing can listen on `host`.
 */
export async function claimPorts(
  facades: number,
  workers: number,
  { last = {}, host = localhost }: { readonly last?: Ports | undefined; readonly host?: string } = {},
): Promise<ClaimedPorts> {
  const facadeNames = namesOf('facade', facades);
  const names = ['postgres', ...temporalPorts, ...facadeNames, ...namesOf('worker', workers)];
  const claims: Socket[] = [];
  const ports: Record<string, number> = {};
  const release = (): void => claims.splice(0).forEach((claim) => void claim.close());
  try {
    for (const name of names) {
      const on = facadeNames.includes(name) ? host : localhost;
      const { port, claim } = await claimOne([last[name], defaultPorts[name]], on);
      claims.push(claim);
      ports[name] = port;
    }
  } catch (error) {
    release();
    throw error;
  }
  return { ports, release };
}

async function claimOne(
  wished: readonly (number | undefined)[],
  host: string,
): Promise<{ port: number; claim: Socket }> {
  const left = wished.filter((port) => port !== undefined);
  for (;;) {
    const port = left.shift() ?? (await freePorts(1, host))[0] ?? 0;
    const claim = await claimPort(port);
    if (!claim) continue;
    // Looked at once it is claimed: another cluster may have begun to listen there before.
    if (await isFree(port, host).catch((error: unknown) => closeAndThrow(claim, error)))
      return { port, claim };
    claim.close();
  }
}

/**
 * Ports are TCP's. A UDP socket of the same number, which nothing here has a use for, claims one: long before anything
 * listens there, while what listens there is down, and until this process is gone, however it ends. Undefined: taken.
 */
async function claimPort(port: number): Promise<Socket | undefined> {
  const socket = createSocket({ type: 'udp4' });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address: localhost, exclusive: true }, resolve);
    });
    return socket.unref();
  } catch {
    socket.close();
    return undefined;
  }
}

function closeAndThrow(claim: Socket, error: unknown): never {
  claim.close();
  throw error;
}
