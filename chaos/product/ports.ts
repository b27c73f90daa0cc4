import { freePorts } from '../../cluster/free-ports.ts';

const claimed = new Set<number>();

/** Returns a free port that it has not returned before. */
export async function claimPort(): Promise<number> {
  for (;;) {
    const [port] = await freePorts(1);
    if (port === undefined || claimed.has(port)) continue;
    claimed.add(port);
    return port;
  }
}
