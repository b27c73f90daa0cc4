/** The two test commands together run every test file, each once: `npm test` runs what is not named as slow. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import { slowFiles } from '../slow-files.ts';

test('every file that is named as slow is there, once and in order', () => {
  expect(slowFiles.filter((file) => !existsSync(join(packageRoot, file)))).toEqual([]);
  expect(slowFiles).toEqual([...new Set(slowFiles)].sort());
});

test('npm test keeps kills of node, server and worker, a failover, sessions, and a walk in a browser', () => {
  const proofs = [
    'test/calls/failure-table.test.ts',
    'test/desk/failed-call.test.ts',
    'test/desk/keyboard.test.ts',
    'test/node/kill.test.ts',
    'test/replay/replay.test.ts',
    'test/sessions/turns.test.ts',
  ];
  for (const file of proofs) {
    expect(existsSync(join(packageRoot, file)), file).toBe(true);
    expect(slowFiles).not.toContain(file);
  }
});
