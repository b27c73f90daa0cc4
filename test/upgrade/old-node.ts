/**
 * Starts the facade of another checkout, which must be built: `old-node.ts CHECKOUT`. Prints its addresses as JSON. Two limits
 * are beyond what the settings allow: the longest deadline, so that calls are not overdue when the data is used years later, and
 * how long first tasks wait, so that there is time to kill everything meanwhile.
 */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as configModule from '../../src/platform/config.ts';
import type * as loggingModule from '../../src/platform/logging.ts';
import type * as startNodeModule from '../../src/node/start-node.ts';

/** 50 years. */
const maxDeadlineMs = 50 * 366 * 86_400_000;
const firstTaskWaitMs = 6_000;

const [checkout = ''] = process.argv.slice(2);
const load = <T>(path: string): Promise<T> =>
  import(pathToFileURL(resolve(join(checkout, 'dist', 'src', path))).href) as Promise<T>;

const { startNode } = await load<typeof startNodeModule>('node/start-node.js');
const { loadConfig } = await load<typeof configModule>('platform/config.js');
const { createLog } = await load<typeof loggingModule>('platform/logging.js');

const config = loadConfig(process.env);
const { url, temporalAddress } = await startNode(
  { ...config, limits: { ...config.limits, maxDeadlineMs, firstTaskWaitMs } },
  createLog(config.logLevel),
);
console.log(JSON.stringify({ url, temporalAddress }));
