/** The command `doctor`: checks what a node needs to start and work, and says how to fix what fails. */
import type { Command } from 'commander';
import { loadCliSettings } from '../../platform/cli-settings.ts';
import { loadConfig, type Config } from '../../platform/config.ts';
import { StartupError } from '../../platform/startup-error.ts';
import { inspectStoreId } from '../../platform/store-watch.ts';
import { declareForNode, withOutput } from '../command.ts';
import type { Check } from '../doctor/check.ts';
import { fail, ok, skip, warn } from '../doctor/check.ts';
import {
  checkCli,
  checkDataDir,
  checkDisk,
  checkKey,
  checkNode,
  checkPayloadStore,
} from '../doctor/local.ts';
import { checkNodeAt } from '../doctor/node.ts';
import { checkPorts, isFree, isNode } from '../doctor/ports.ts';
import type { ExitName } from '../exit-codes.ts';
import { NodeClient } from '../http.ts';
import type { Output } from '../output.ts';

/** Declares `doctor`. */
export function addDoctorCommand(program: Command): void {
  declareForNode(program, 'doctor', 'check what a node needs to start and work, and how to fix what fails', [
    'doctor',
    'doctor --json | jq ".checks[] | select(.status != \\"ok\\")"',
  ]).action(withOutput(doctor));
}

interface Options {
  readonly url?: string;
}

async function doctor(out: Output, { url }: Options): Promise<ExitName> {
  const checks = [checkNode(), ...(await checksOf(url))];
  const failed = checks.some(({ status }) => status === 'fail');
  if (out.json) out.document({ ok: !failed, checks });
  else
    for (const { check, status, detail, fix } of checks) {
      out.line(`${out.state(status.padEnd(4))}  ${check}: ${detail}`);
      if (fix !== undefined) out.line(`      -> ${fix}`);
    }
  return failed ? 'failed' : 'ok';
}

/**
 * Runs all checks and returns their results. If the settings are invalid, that is the only result, because the other checks
 * need them.
 */
async function checksOf(url: string | undefined): Promise<Check[]> {
  try {
    const config = loadConfig(process.env);
    const named = url ?? process.env['HOLDFAST_URL'];
    const own = `http://${hostOf(config.host)}:${config.port}`;
    const client = new NodeClient(loadCliSettings(process.env, { url: named ?? own }));
    try {
      return [
        settingsCheck(config.warnings),
        ...(await checkMachine(config)),
        ...(await checkNodeAt(client, named !== undefined)),
      ];
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return [fail('settings', error.message, 'docs/settings.md lists the values of each setting')];
  }
}

function settingsCheck(warnings: readonly string[]): Check {
  if (warnings.length === 0) return ok('settings', 'all are valid');
  return warn('settings', warnings.join(' '), 'docs/compatibility.md lists the settings that were removed');
}

async function checkMachine(config: Config): Promise<Check[]> {
  // Imported here because Temporal's native code takes a second to load, which other commands need not pay.
  const { configuredTarget } = await import('../../platform/temporal-connection.ts');
  const { checkCluster, checkTemporal, checkTokens, inspect } = await import('../doctor/temporal.ts');
  const configured = configuredTarget();
  const embedded = configured === undefined;
  const { port } = config.temporal;
  const target = configured ?? { options: { address: `127.0.0.1:${port}` }, namespace: 'default' };
  const { check: key, sealer } = await checkKey(config);
  const nodeRuns = config.port !== 0 && (await isNode(`http://${hostOf(config.host)}:${config.port}`));
  const expected = !embedded || (port !== 0 && !(await isFree('127.0.0.1', port)));
  const found = expected ? await inspect(target) : undefined;
  const temporalRuns = found !== undefined && !(found instanceof Error);
  return [
    await checkCli(config.temporal.cli, embedded),
    await checkDataDir(config.dataDir),
    // The reserve applies only with an embedded server: its database is in the data directory.
    await checkDisk(config.dataDir, { ...config.temporal, ...(!embedded && { reserveBytes: 0 }) }),
    await checkPayloadStore(config),
    key,
    ...(await checkPorts(config, embedded, { node: nodeRuns, temporal: temporalRuns })),
    ...(found
      ? checkTemporal(target, found, config, embedded)
      : [skip('temporal server', 'not running; the embedded server starts with the node')]),
    ...(temporalRuns
      ? [
          checkCluster(found.terms, sealer, await inspectStoreId(config.payloads.store)),
          checkTokens(found.agents, sealer),
        ]
      : []),
  ];
}

function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
