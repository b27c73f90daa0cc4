/** What a node publishes of its settings. */
import { expect, test } from 'vitest';
import { differencesOf } from '../../src/domain/node-card.ts';
import { writeOwnCard } from '../../src/membership/write-own-card.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { createSealer } from '../../src/platform/sealing.ts';

const sealer = createSealer(Buffer.alloc(32, 7));
const oidc = {
  HOLDFAST_OIDC_ISSUER: 'https://login.example.com',
  HOLDFAST_OIDC_CLIENT_ID: 'holdfast-client',
  HOLDFAST_OIDC_CLIENT_SECRET: 'the-client-secret',
  HOLDFAST_OIDC_GROUPS: 'admins=admin',
};
const cardOf = (environment: Record<string, string>, role: 'facade' | 'worker' = 'facade') =>
  writeOwnCard(loadConfig(environment), role, sealer, 0);

test('nodes with another issuer, client, secret or map notice that, and see none of them', () => {
  const self = cardOf(oidc);
  expect(JSON.stringify(self)).not.toMatch(/login\.example|holdfast-client|the-client-secret|admins/);
  expect(differencesOf(self, cardOf({ ...oidc, HOLDFAST_OIDC_GROUPS: ' admins = admin ' }))).toEqual([]);
  for (const [name, value] of Object.entries({
    HOLDFAST_OIDC_ISSUER: 'https://login.example.com/two',
    HOLDFAST_OIDC_CLIENT_SECRET: 'another-secret',
    HOLDFAST_OIDC_AUDIENCE: 'holdfast-api',
    HOLDFAST_OIDC_GROUPS: 'admins=read',
    HOLDFAST_OIDC_GROUPS_CLAIM: 'roles',
  }))
    expect(differencesOf(self, cardOf({ ...oidc, [name]: value })).map(({ what }) => what)).toEqual([name]);
  expect(differencesOf(self, cardOf({})).map(({ what }) => what)).toEqual(Object.keys(oidc).sort());
  expect(differencesOf(self, cardOf({}, 'worker'))).toEqual([]);
});
