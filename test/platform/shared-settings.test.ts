import { expect, test } from 'vitest';
import { loadConfig } from '../../src/platform/config.ts';

test('shared settings that are not at their default are listed, those of facades separately', () => {
  const { shared } = loadConfig({
    HOLDFAST_MAX_CHAIN: '5',
    HOLDFAST_TASK_QUEUE: 'other',
    HOLDFAST_INLINE_BYTES: '16384',
    HOLDFAST_CIRCUIT_BREAKER: 'off',
    HOLDFAST_ARCHIVE: 'payload-store',
    // A setting of the node's own, which is not shared.
    HOLDFAST_PORT: '0',
    HOLDFAST_MAX_CALLS_IN_FLIGHT: '5',
    HOLDFAST_API_KEYS: 'a-key-of-24-characters-x',
  });
  expect(shared).toEqual({
    all: { HOLDFAST_TASK_QUEUE: 'other', HOLDFAST_MAX_CHAIN: 5 },
    facades: { HOLDFAST_CIRCUIT_BREAKER: 'off', HOLDFAST_ARCHIVE: 'payload-store' },
  });
});
