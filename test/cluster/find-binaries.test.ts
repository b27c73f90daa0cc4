import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findGo } from '../../cluster/find-go.ts';
import { findServer } from '../../cluster/find-server.ts';
import { serverTable } from '../../src/platform/server-table.ts';

/** Nothing is built or fetched. */
const calledOff = AbortSignal.abort(new Error('called off'));
const { temporal } = serverTable;

/** Programs that only print their version, first on PATH for one test. */
async function onPath(outputs: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-path-'));
  const { PATH } = process.env;
  process.env['PATH'] = `${folder}:/usr/bin:/bin`;
  onTestFinished(async () => {
    process.env['PATH'] = PATH;
    await rm(folder, { recursive: true, force: true });
  });
  for (const [name, output] of Object.entries(outputs)) {
    await writeFile(join(folder, name), `#!/bin/sh\necho '${output}'\n`);
    await chmod(join(folder, name), 0o755);
  }
  return folder;
}

async function look<T>(find: (report: (line: string) => void, signal: AbortSignal) => Promise<T>) {
  const lines: string[] = [];
  const found = await find((line) => lines.push(line), calledOff).catch(() => undefined);
  return { found, lines };
}

test("Temporal's server and its SQL tool are taken from PATH if both have the supported version", async () => {
  const folder = await onPath({
    'temporal-server': `temporal version ${temporal}`,
    'temporal-sql-tool': `temporal-sql-tool version ${temporal}`,
  });
  expect(await look(findServer)).toEqual({
    found: { server: join(folder, 'temporal-server'), sqlTool: join(folder, 'temporal-sql-tool') },
    lines: [],
  });
});

test.each([
  [{ 'temporal-server': 'temporal version 1.31.9' }, /is not used: it is 1\.31\.9/],
  [
    { 'temporal-server': `temporal version ${temporal}` },
    /is not used: there is no temporal-sql-tool on PATH/,
  ],
  [
    {
      'temporal-server': `temporal version ${temporal}`,
      'temporal-sql-tool': 'temporal-sql-tool version 1.20.0',
    },
    /is not used: .*temporal-sql-tool, .*, is 1\.20\.0/,
  ],
])('with %j on PATH the start says why they are not used', async (outputs, reason) => {
  const folder = await onPath(outputs);
  const { found, lines } = await look(findServer);
  expect(lines[0]).toMatch(reason);
  expect(found?.server).not.toBe(join(folder, 'temporal-server'));
});

test('a Go that is new enough is taken from PATH, and an older one is reported', async () => {
  await onPath({ go: 'go version go1.26.8 linux/amd64' });
  expect(await look(findGo)).toEqual({ found: 'go', lines: [] });
  await onPath({ go: 'go version go1.22 linux/amd64' });
  expect((await look(findGo)).lines[0]).toMatch(/^go is not used: it is version 1\.22, older than /);
});
