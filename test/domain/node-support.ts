import type { NodeCard } from '../../src/domain/node-card.ts';

export const cardOf = (more: Partial<NodeCard> = {}): NodeCard => ({
  id: 'one',
  revision: 0,
  role: 'facade',
  version: '1.2.3',
  generation: 1,
  keyFingerprint: 'key',
  storeId: 'store',
  host: 'here',
  pid: 1,
  startedAt: 1_000,
  settings: {},
  facadeSettings: {},
  ...more,
});
