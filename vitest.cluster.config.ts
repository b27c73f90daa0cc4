import { defineConfig } from 'vitest/config';
import { sharedFiles } from './test/on-cluster/shared-files.ts';
import { CiReporter } from './test/rig/ci-reporter.ts';

const report = process.env['TEST_REPORT'];

/** `npm run test:cluster`: on PostgreSQL and the full Temporal server. */
export default defineConfig({
  test: {
    name: 'cluster',
    globalSetup: ['test/rig/global-setup.ts', 'test/on-cluster/start-server.ts'],
    include: ['test/on-cluster/**/*.test.ts', ...sharedFiles],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    reporters: report === undefined ? ['default'] : ['default', new CiReporter({ path: `${report}.json` })],
  },
});
