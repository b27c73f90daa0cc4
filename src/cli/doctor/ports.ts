/** Checks that the ports of a node are free, or that a running node already uses them. */
import { createServer } from 'node:net';
import type { Config } from '../../platform/config.ts';
import { fail, ok, type Check } from './check.ts';

/** Which servers already run: a node at HOLDFAST_PORT, and its embedded Temporal server. */
interface Running {
  readonly node: boolean;
  readonly temporal: boolean;
}

/** Time limit for /readyz, in ms. */
const readyTimeoutMs = 3_000;

/** Runs one check per port: that of the API, and those of the embedded Temporal server. */
export async function checkPorts(config: Config, embedded: boolean, running: Running): Promise<Check[]> {
  const local = '127.0.0.1';
  const ports = [
    {
      setting: 'HOLDFAST_PORT',
      host: config.host,
      port: config.port,
      ours: running.node,
      by: 'a Holdfast node',
    },
    ...(embedded
      ? [
          {
            setting: 'HOLDFAST_TEMPORAL_PORT',
            host: local,
            port: config.temporal.port,
            ours: running.node && running.temporal,
            by: "the node's Temporal server",
          },
          {
            setting: 'HOLDFAST_TEMPORAL_UI_PORT',
            host: local,
            port: config.temporal.uiPort,
            ours: running.node && running.temporal,
            by: "the node's Web UI",
          },
        ]
      : []),
  ];
  return Promise.all(
    ports.map(async ({ setting, host, port, ours, by }) => {
      const name = `port ${setting}`;
      if (port === 0) return ok(name, '0: a free port is picked');
      if (await isFree(host, port)) return ok(name, `${port} is free`);
      if (ours) return ok(name, `${port} is used by ${by}`);
      return fail(
        name,
        `${port} on ${host} is used by another program`,
        `stop that program, or set ${setting} to a free port`,
      );
    }),
  );
}

/** Whether nothing listens on the port. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Whether a Holdfast node listens at `url`, ready or not. */
export async function isNode(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(readyTimeoutMs) });
    const { status, type } = (await response.json()) as { status?: unknown; type?: unknown };
    return status === 'ready' || (typeof type === 'string' && type.startsWith('urn:holdfast:'));
  } catch {
    return false;
  }
}
