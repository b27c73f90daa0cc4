import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delay } from '../../lib/delay.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';

const host = '127.0.0.1';
/** How long to wait for a port: the server of a killed node frees it a moment later. */
const waitMs = 3_000;
const pauseMs = 50;
const maxPort = 65_535;

/** Checks that `port` is free, and returns it; for 0 returns a free one. Throws `EmbeddedServerError` if it stays in use. */
export async function claimPort(port: number, setting: string): Promise<number> {
  const giveUpAt = Date.now() + waitMs;
  for (;;) {
    const free = await tryPort(port, setting);
    if (free !== undefined) return free;
    if (Date.now() >= giveUpAt)
      throw new EmbeddedServerError(
        'port_in_use',
        `Port ${port} on ${host} is in use: set ${setting} to a free one (0 takes any)`,
      );
    await delay(pauseMs);
  }
}

/** Returns `wanted` if it is free, otherwise some other free port. */
export async function freePort(wanted: number, setting: string): Promise<number> {
  const free = wanted <= maxPort ? await tryPort(wanted, setting) : undefined;
  return free ?? (await claimPort(0, setting));
}

/** Listens on the port for a moment and returns it. Undefined while another program uses it. */
async function tryPort(port: number, setting: string): Promise<number | undefined> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return (server.address() as AddressInfo).port;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return undefined;
    throw new EmbeddedServerError(
      'start_failed',
      `Port ${port} on ${host} cannot be opened (${message}): set ${setting} to another`,
      { cause: error },
    );
  } finally {
    server.close();
  }
}
