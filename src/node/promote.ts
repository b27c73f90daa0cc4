/** `npm run promote`: shows or changes which version of the workers gets new calls (ADR 0012). */
import { parseArgs } from 'node:util';
import { Client, isGrpcServiceError } from '@temporalio/client';
import Table from 'cli-table3';
import { listVersions, promote } from '../services/temporal/worker-versions.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import { loadConfig } from '../platform/config.ts';
import { createLog } from '../platform/logging.ts';
import { runMain } from '../platform/shutdown.ts';
import { StartupError } from '../platform/startup-error.ts';
import { configuredTarget, connect, installRuntime } from '../platform/temporal-connection.ts';
import { dataConverter } from '../temporal-sdk/payloads.ts';

const usage = `npm run promote                     lists the versions of the workers and the calls that each has to end
npm run promote -- BUILD_ID         gives new calls, and the entities, to the workers of this version
npm run promote -- --unversioned    gives them to workers without HOLDFAST_BUILD_ID

Calls that run stay with the version that began them: stop its workers once it has none left.
The server is that of TEMPORAL_ADDRESS, or the embedded one on HOLDFAST_TEMPORAL_PORT; the task queue HOLDFAST_TASK_QUEUE.`;

await runMain(async () => {
  const { buildId, unversioned, help } = readArguments();
  if (help) {
    console.log(usage);
    return;
  }
  const config = loadConfig(process.env);
  installRuntime(createLog('silent'));
  const embedded = { options: { address: `127.0.0.1:${config.temporal.port}` }, namespace: 'default' };
  const { options, namespace } = configuredTarget() ?? embedded;
  const connection = await connect({ options, namespace });
  try {
    const client = new Client({ connection, namespace, dataConverter });
    const temporal = { client, namespace, taskQueue: config.worker.taskQueue };
    if (buildId !== undefined || unversioned) await promoteOrExplain(temporal, buildId);
    await show(temporal);
  } finally {
    await connection.close();
  }
});

function readArguments(): { buildId: string | undefined; unversioned: boolean; help: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        unversioned: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (positionals.length + Number(values.unversioned) > 1) throw new Error('One version at a time');
    return { buildId: positionals[0], unversioned: values.unversioned, help: values.help };
  } catch (error) {
    throw new StartupError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

async function promoteOrExplain(temporal: Temporal, buildId: string | undefined): Promise<void> {
  try {
    await promote(temporal, buildId);
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    throw new StartupError(
      `${buildId === undefined ? 'Unversioned workers' : `Version ${buildId}`} cannot become current: ${error.message}. \`npm run promote\` lists the versions that have workers`,
      { cause: error },
    );
  }
}

async function show(temporal: Temporal): Promise<void> {
  const versions = await listVersions(temporal);
  if (versions.length === 0) {
    console.log(`No worker of ${temporal.taskQueue} has a HOLDFAST_BUILD_ID`);
    return;
  }
  const table = new Table({ head: ['version', 'new calls', 'running calls'], style: { head: [] } });
  for (const { buildId, current, runningCalls } of versions)
    table.push([buildId, current ? 'yes' : 'no', runningCalls]);
  console.log(table.toString());
  if (!versions.some(({ current }) => current)) console.log('New calls go to workers without a version.');
}
