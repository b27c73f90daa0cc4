import { createServer } from 'node:net';
import { StartupError } from '../src/platform/startup-error.ts';

export const localhost = '127.0.0.1';

/**
 * Returns `count` free ports below 32768, where the kernel's ephemeral ports start: no outgoing connection can take the port of
 * a killed process before its restart.
 */
export async function freePorts(count: number, host = localhost): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (!ports.has(port) && (await isFree(port, host))) ports.add(port);
  }
  return [...ports];
}

/** Returns whether a TCP port is free. Throws `StartupError` if nothing can listen on `host`. */
export async function isFree(port: number, host = localhost): Promise<boolean> {
  const server = createServer();
  try {
    return await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
        else reject(notAnAddress(host, error));
      });
      server.listen(port, host, () => resolve(true));
    });
  } finally {
    server.close();
  }
}

const notAnAddress = (host: string, error: Error): StartupError =>
  new StartupError(
    `Nothing can listen on ${host} (${error.message}): set HOLDFAST_HOST to an address of this machine`,
    { cause: error },
  );
