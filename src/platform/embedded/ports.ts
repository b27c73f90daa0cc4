import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { StartupError } from '../shutdown.ts';

const host = '127.0.0.1';
/** A killed node's server lets go of its port a moment after the node. */
const patienceMs = 3_000;
const pauseMs = 50;

/** `port`, or a free one for 0. Throws `StartupError` that names the setting. */
export async function claimPort(port: number, setting: string): Promise<number> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const free = await tryPort(port);
    if (free !== undefined) return free;
    if (Date.now() >= giveUpAt)
      throw new StartupError(`Port ${port} on ${host} is in use: set ${setting} to a free one (0 takes any)`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  } finally {
    server.close();
  }
}
