import { createSocket, type Socket } from 'node:dgram';
import { freePorts, isFree, localhost } from './free-ports.ts';

/** Every port of a cluster by the name of what listens there, e.g. `facade-1`. */
export type Ports = Readonly<Record<string, number>>;

/** The ports of the Temporal server. Each of its four services listens for requests and for the other services. */
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

/** A new cluster gets these ports if they are free. */
const defaultPorts: Ports = { FRONTEND_GRPC_PORT: 7233, 'facade-1': 18_789, 'facade-2': 18_790 };

/** The names of the first `count` facades or workers: `facade-1`, `facade-2`, ... */
export const namesOf = (role: 'facade' | 'worker', count: number): string[] =>
  Array.from({ length: count }, (_none, index) => `${role}-${index + 1}`);

/** Ports that this process has claimed, so that no other cluster of this machine takes them. */
export interface ClaimedPorts {
  readonly ports: Ports;
  /** Releases the claims: other clusters may take the ports again. */
  readonly release: () => void;
}

/**
 * Claims a free port for each process: the port of the last start, else the default one, else any. No other cluster of this
 * machine gets the ports until they are released or this process ends. Facades listen on `host`, everything else on 127.0.0.1.
 * Throws `StartupError` if nothing can listen on `host`.
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
  preferred: readonly (number | undefined)[],
  host: string,
): Promise<{ port: number; claim: Socket }> {
  const left = preferred.filter((port) => port !== undefined);
  for (;;) {
    const port = left.shift() ?? (await freePorts(1, host))[0] ?? 0;
    const claim = await claimPort(port);
    if (!claim) continue;
    // Checked after the claim, since another cluster may have begun to listen there before it.
    if (await isFree(port, host).catch((error: unknown) => closeAndThrow(claim, error)))
      return { port, claim };
    claim.close();
  }
}

/**
 * Claims a TCP port by binding a UDP socket to the same number, since nothing here uses UDP. The claim also holds while no
 * process listens on the TCP port, and ends with this process, even after kill -9. Undefined if the port is already claimed.
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
