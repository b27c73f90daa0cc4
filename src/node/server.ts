/** `npm start`: one node from the settings of the environment, until a signal or a failure ends it. */
import { loadConfig } from '../platform/config.ts';
import { createLog } from '../platform/logging.ts';
import { exitAtLatest, runMain, stopSignal } from '../platform/shutdown.ts';
import { StartupError } from '../platform/startup-error.ts';
import { version } from '../platform/version.ts';
import { startNode } from './start-node.ts';

/** How long stopping may take beyond the drain. */
const stopGraceMs = 5_000;

await runMain(async () => {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  const signal = stopSignal();
  const node = await startNode(config, log);
  console.error(`
  Holdfast ${version} is ready

    Desk      ${node.url}/
    API       ${node.url}/api/vps/status
    Docs      ${node.url}/docs
    Web UI    ${node.webUiUrl ?? 'that of your Temporal server'}
    Temporal  ${node.temporalAddress}
`);
  const failure = node.failed.then((reason) => new StartupError(`The node cannot go on: ${reason}`));
  const reason = await Promise.race([signal, failure]);
  log.info({ reason: String(reason) }, 'Stopping');
  exitAtLatest(config.drainMs + stopGraceMs);
  await node.stop();
  if (reason instanceof Error) throw reason;
});
