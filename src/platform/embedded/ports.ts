import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delay } from '../../lib/delay.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';

const host = '127.0.0.1';
/** A killed node's server lets go of its port a moment after the node. */
const patienceMs = 3_000;
const pauseMs = 50;

/** `port`, or a free one for 0. Throws `EmbeddedServerError` that names the setting. */
export async function claimPort(port: number, setting: string): Promise<number> {
  const giveUpAt = Date.now() + patienceMs;
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

/** Undefined while another program has it. */
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
