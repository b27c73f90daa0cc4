/** A change that would break a recorded history is reported and explained, and no history is recorded twice. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../src/platform/logging.ts';
import { packageRoot, workflowBundlePath } from '../../src/platform/paths.ts';
import { installRuntime } from '../../src/platform/temporal-connection.ts';
import { readHistory, replay } from './gate.ts';

installRuntime(createLog('silent'));
const today = { codePath: workflowBundlePath };

describe('npm run histories', () => {
  const record = (...words: string[]) =>
    promisify(execFile)(
      process.execPath,
      [join(packageRoot, 'node_modules', 'tsx', 'dist', 'cli.mjs'), 'scripts/record-histories.ts', ...words],
      { cwd: packageRoot },
    );

  it('records no scenario again that has a history, unless it is named', async () => {
    expect((await record()).stdout).toMatch(/Every scenario has its history/);
    expect((await record('--help')).stdout).toMatch(/npm run histories -- NAME/);
  });

  it('refuses an unknown name, and names together with --all', async () => {
    await expect(record('succes')).rejects.toThrow(/No scenario is called succes; there are success, /);
    await expect(record('success', '--all')).rejects.toThrow(/Names, or --all/);
  });
});

describe('the gate rejects', () => {
  it('a history with another activity', async () => {
    const doctored = readHistory('success').replaceAll('"callAgent"', '"callSomeoneElse"');
    await expect(replay('success', today, doctored)).rejects.toThrow(
      /success does not replay.*callSomeoneElse/s,
    );
  });

  it('a history without the failover', async () => {
    const { events } = JSON.parse(readHistory('failover')) as { events: { eventType: string }[] };
    const completed = events.findIndex((event) => event.eventType.endsWith('ACTIVITY_TASK_FAILED'));
    const cut = [...events.slice(0, completed), ...events.slice(completed + 1)];
    await expect(replay('failover', today, JSON.stringify({ events: cut }))).rejects.toThrow(
      /does not replay/,
    );
  });

  it('a step that was added to a call without a patch, with the history, the event and what to do', async () => {
    const changed = await bundleWith(`await added.sleep('1 ms');`);
    await expect(replay('success', changed)).rejects.toThrow(
      /history success does not replay on this workflow code, at event 5 \(ActivityTaskScheduled\).*if \(patched\(.*Never record this history anew/s,
    );
    await expect(replay('cancelled-while-queued', changed)).rejects.toThrow(
      /cancelled-while-queued .*, at event \d+ \(MarkerRecorded\)/,
    );
    await replay('session', changed); // The change does not affect this history.
  });

  it('but accepts the same step behind a patch, as its advice says', async () => {
    const patched = await bundleWith(`if (added.patched('pause')) await added.sleep('1 ms');`);
    await replay('success', patched);
    await replay('queued-turn', patched);
  });
});

/** Today's workflow code with one more statement at the beginning of a call. */
async function bundleWith(statement: string): Promise<WorkflowBundle> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  await cp(join(packageRoot, 'package.json'), join(folder, 'package.json'));
  await cp(join(packageRoot, 'src'), join(folder, 'src'), { recursive: true });
  const file = join(folder, 'src', 'workflows', 'agent-call.ts');
  const code = await readFile(file, 'utf8');
  const changed = code.replace(/(agentCall\([^{]*\{\n)/, `$1  ${statement}\n`);
  expect(changed).not.toBe(code);
  await writeFile(file, `import * as added from '@temporalio/workflow';\n${changed}`);
  const logger = new DefaultLogger('ERROR');
  return bundleWorkflowCode({ workflowsPath: join(folder, 'src', 'workflows', 'index.ts'), logger });
}
