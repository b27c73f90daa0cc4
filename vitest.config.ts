import { defineConfig } from 'vitest/config';

/** Where CI reads the counts from. */
const resultsFile = process.env['TEST_RESULTS_FILE'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
    globalSetup: ['test/rig/global-setup.ts'],
    pool: 'forks',
    // Each file runs a Temporal server and a node of its own.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'worker.ts'],
      // Entry points and the command line run as child processes; workflow code inside Temporal's sandbox, from the bundle.
      exclude: [
        'src/api/server.ts',
        'src/cli/**',
        'src/promote.ts',
        'src/replay/replay-process.ts',
        'worker.ts',
        'src/workflows/**',
      ],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 90, 'src/domain/**': { branches: 100 } },
    },
  },
});
