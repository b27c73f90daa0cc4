import { defineConfig } from 'vitest/config';
import { filesOfSessions } from './test/on-killed-facades/shared-files.ts';
import { CiReporter } from './test/rig/ci-reporter.ts';
import { slowFiles } from './test/slow-files.ts';

/** A path without its ending: where CI keeps what a run reports, to count and to merge it. Coverage is collected with it. */
const report = process.env['TEST_REPORT'];

const inEach = {
  pool: 'forks',
  testTimeout: 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 20_000 } },
} as const;

export default defineConfig({
  test: {
    globalSetup: ['test/rig/global-setup.ts'],
    // Most files run a Temporal server and a node of their own.
    maxWorkers: 2,
    // `npm test` is the one, `npm run test:slow` the other; a file that is named runs in whichever it belongs to.
    projects: [
      // Its files share their processes: to load Temporal's SDK takes as long as many of them.
      {
        test: {
          ...inEach,
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [...slowFiles, 'test/on-cluster/**'], // Those are vitest.cluster.config.ts's.
          isolate: false,
        },
      },
      { test: { ...inEach, name: 'slow', include: slowFiles } },
      // `npm run test:killed`: once more, with facades that are killed after their answer.
      {
        test: { ...inEach, name: 'killed', include: filesOfSessions, env: { TEST_KILLED_FACADES: 'true' } },
      },
    ],
    reporters:
      report === undefined
        ? ['default']
        : ['default', new CiReporter({ path: `${report}.json` }), ['blob', { outputFile: `${report}.blob` }]],
    coverage: {
      enabled: report !== undefined,
      provider: 'v8',
      include: ['src/**/*.ts', 'worker.ts'],
      // Entry points and the command line run as child processes; workflow code inside Temporal's sandbox, from the bundle.
      exclude: [
        'src/node/server.ts',
        'src/cli/**',
        'src/node/promote.ts',
        'src/node/start-worker.ts',
        'src/replay/replay-process.ts',
        'worker.ts',
        'src/workflows/**',
      ],
      // Of one run it is a part; CI judges both together (`vitest --merge-reports`).
      reporter: report === undefined ? ['text-summary', 'json-summary'] : [],
      ...(report === undefined && { thresholds: { lines: 90, 'src/domain/**': { branches: 100 } } }),
    },
  },
});
