import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cliSettings } from '../../src/platform/cli-settings.ts';
import { loadConfig, settings } from '../../src/platform/config.ts';
import { removedSettings } from '../../src/platform/removed-settings.ts';
import { StartupError } from '../../src/platform/startup-error.ts';

const key = 'a-key-of-24-characters-x';
const names = Object.keys(settings) as (keyof typeof settings)[];

function refusalOf(environment: Record<string, string>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof StartupError) return error.message;
    throw error;
  }
  throw new Error('It was taken');
}

/** The values that the setting takes, as shown in the docs. */
function shapeOf(name: keyof typeof settings): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(settings[name], { io: 'input', unrepresentable: 'any' });
}

test('without any setting a node serves this machine only, and every default has its unit', () => {
  expect(loadConfig({ PATH: '/bin', TEMPORAL_ADDRESS: 'elsewhere:7233' })).toEqual({
    host: '127.0.0.1',
    port: 18_789,
    dataDir: resolve('.holdfast'),
    apiKeys: [],
    publicOrigins: [],
    encryptionKey: undefined,
    join: 'checked',
    alerts: {
      enabled: true,
      checkMs: 15_000,
      forMs: 60_000,
      objective: 0.99,
      failovers: 0.2,
      queueWaitMs: 60_000,
      retention: 0.15,
      atLeast: 10,
    },
    shared: { all: {}, facades: {} },
    drainMs: 10_000,
    logLevel: 'info',
    circuitBreaker: { enabled: true, cooldownMs: 30_000 },
    probeIntervalMs: 30_000,
    probeTimeoutMs: 5_000,
    limits: {
      deadlineMs: 600_000,
      maxDeadlineMs: 86_400_000,
      maxPromptBytes: 1_048_576,
      maxBodyBytes: 4_194_304,
      maxImportBytes: 268_435_456,
      maxMetadataBytes: 65_536,
      maxChain: 10,
      maxBatchCalls: 10_000,
      maxCallsInFlight: 2_000,
      maxStarts: 16,
      startPatienceMs: 30_000,
      disconnectGraceMs: 250,
      maxStreams: 200,
      firstTaskWaitMs: 500,
      heartbeatTimeoutMs: 5_000,
    },
    connections: {
      headersMs: 10_000,
      bodyStallMs: 20_000,
      bodyBytesPerSecond: 1_024,
      idleMs: 75_000,
      maxIdle: 5_000,
    },
    deletePatienceMs: 20_000,
    keys: { limits: { maxKeys: 500, maxProjects: 200 }, offlineMs: 600_000, deskSignInMs: 43_200_000 },
    secrets: { variables: {}, folder: undefined },
    directory: { maxAgents: 1_000, maxBytes: 1_572_864 },
    session: {
      maxMetadataBytes: 262_144,
      olderBytes: 131_072,
      renewAtEvents: 150,
      lookEveryMs: 21_600_000,
      maxQueued: 100,
      windowMessages: 40,
      windowBytes: 262_144,
    },
    sessionCacheBytes: 33_554_432,
    warnings: [],
    archive: { kind: 'off' },
    archiveIntervalMs: 60_000,
    endings: { marginMs: 60_000, keptMs: 7 * 86_400_000 },
    webhooks: {
      // TEMPORAL_ADDRESS is elsewhere, so this is no development machine.
      targets: {
        allow: [],
        allowsLoopback: false,
        refusedPorts: [18_789, 8_233, 7_233, 7_243, 7_253],
      },
      timeoutMs: 15_000,
      maxWebhooks: 100,
      maxBytes: 262_144,
      retryMs: 72 * 3_600_000,
      mailServer: undefined,
    },
    figuresDays: 90,
    callIndexCalls: 100_000,
    promptCacheBytes: 16_777_216,
    payloads: {
      store: { kind: 'folder', path: resolve('.holdfast/payloads') },
      inlineBytes: 16_384,
      reserveBytes: 268_435_456,
    },
    transport: {
      maxAnswerBytes: 4_194_304,
      maxCompressionRatio: 200,
      connectTimeoutMs: 10_000,
      connectionsPerOrigin: 2_000,
    },
    expectations: { timeoutMs: 5_000, maxThreads: 2, memoryMib: 256 },
    worker: { embedded: true, taskQueue: 'holdfast', maxCachedWorkflows: 500, callStacks: false, port: 0 },
    temporal: {
      cli: undefined,
      port: 7_233,
      uiPort: 8_233,
      synchronous: 'normal',
      cacheBytes: 67_108_864,
      retentionDays: 7,
      minFreeBytes: 1_073_741_824,
      reserveBytes: 67_108_864,
    },
  });
});

test.each(names)('a blank %s counts as unset', (name) => {
  for (const blank of ['', ' ', '\t\n']) expect(loadConfig({ [name]: blank })).toEqual(loadConfig({}));
});

const numbers = names.filter((name) => shapeOf(name).type === 'integer');

describe.each(numbers)('%s', (name) => {
  const { minimum = Number.NaN, maximum = Number.NaN } = shapeOf(name);

  test('takes its bounds', () => {
    for (const bound of [minimum, maximum])
      expect(settings[name].safeParse(String(bound))).toMatchObject({ success: true, data: bound });
  });

  test('refuses other values, with its name and the numbers that it takes', () => {
    for (const wrong of [
      'eighty',
      '1.5',
      '12 px',
      'NaN',
      'Infinity',
      String(minimum - 1),
      String(maximum + 1),
    ])
      expect(refusalOf({ [name]: wrong })).toBe(
        `${name}: takes a whole number from ${minimum} to ${maximum}`,
      );
  });
});

test.each(names.filter((name) => shapeOf(name).enum))(
  '%s refuses another word, with those it takes',
  (name) => {
    const refusal = refusalOf({ [name]: 'perhaps' });
    for (const word of shapeOf(name).enum as string[]) {
      expect(refusal).toContain(`"${word}"`);
      expect(() => loadConfig({ [name]: word })).not.toThrow();
    }
  },
);

test('several wrong settings are reported together, one per line', () => {
  const wrong = { HOLDFAST_PORT: '-1.5', HOLDFAST_LOG_LEVEL: 'loud', HOLDFAST_TASK_QUEUE: 'q'.repeat(201) };
  const lines = refusalOf(wrong).split('\n');
  expect(lines.map((line) => line.split(':')[0]).sort()).toEqual(Object.keys(wrong).sort());
});

test('unknown settings are reported by name, with the page that lists all settings', () => {
  expect(refusalOf({ HOLDFAST_PROT: '80', HOLDFAST_API_KYES: key, HOLDFAST_PORT: '80' })).toBe(
    'Unknown settings: HOLDFAST_PROT, HOLDFAST_API_KYES. docs/settings.md lists those that exist.',
  );
});

test('a removed setting warns with its reason and does not stop the start, whatever its value; a blank one is unset', () => {
  expect(
    loadConfig({ HOLDFAST_REPEAT_CACHE_BYTES: 'many', HOLDFAST_REPEAT_CACHE_SECONDS: ' ' }).warnings,
  ).toEqual([
    'HOLDFAST_REPEAT_CACHE_BYTES was removed and has no effect; unset it. Endings of calls are no longer kept in memory: a repeat with an Idempotency-Key always asks Temporal.',
  ]);
  expect(refusalOf({ HOLDFAST_REPEAT_CACHE_BYTES: '0', HOLDFAST_REPEAT_CACHE: '0' })).toMatch(
    /^Unknown settings: HOLDFAST_REPEAT_CACHE\./,
  );
});

test('no setting is both removed and known', () => {
  expect(Object.keys(removedSettings).filter((name) => name in settings || name in cliSettings)).toEqual([]);
});

test("a node ignores the settings of the command line, but refuses to start with only the command line's key", () => {
  expect(
    loadConfig({ HOLDFAST_URL: 'http://elsewhere', HOLDFAST_API_KEY: key, HOLDFAST_API_KEYS: key }).apiKeys,
  ).toEqual([key]);
  expect(refusalOf({ HOLDFAST_API_KEY: key })).toContain('a node reads HOLDFAST_API_KEYS');
});

test('API keys are separated by commas; white space and empty parts are ignored', () => {
  const other = 'another-key-of-24-chars-';
  expect(loadConfig({ HOLDFAST_API_KEYS: ` ${key} ,, ${other},` }).apiKeys).toEqual([key, other]);
});

test('a short API key is refused, and the error does not show it', () => {
  const refusal = refusalOf({ HOLDFAST_API_KEYS: `${key},hunter2-hunter2` });
  expect(refusal).toBe('HOLDFAST_API_KEYS: each key needs at least 16 characters');
});

test('public origins are normalised to the form that browsers send, and other values are refused', () => {
  const set = ' HTTPS://Gateway.example:443/ ,http://10.0.0.5:8080';
  const { publicOrigins } = loadConfig({ HOLDFAST_PUBLIC_ORIGIN: set });
  expect(publicOrigins).toEqual(['https://gateway.example', 'http://10.0.0.5:8080']);
  for (const wrong of [
    'gateway.example',
    'https://gateway.example/desk',
    'https://u:p@gateway.example',
    '*',
    'null',
  ])
    expect(refusalOf({ HOLDFAST_PUBLIC_ORIGIN: wrong })).toMatch(/^HOLDFAST_PUBLIC_ORIGIN: takes origins/);
});

test.each(['0.0.0.0', '::', '192.168.1.5', '10.0.0.1', 'node.example', '127.example', '1::1'])(
  'the host %s needs keys',
  (host) => {
    const refusal = refusalOf({ HOLDFAST_HOST: host });
    expect(refusal).toMatch(`HOLDFAST_HOST=${host} is reachable from other machines: set HOLDFAST_API_KEYS`);
    expect(loadConfig({ HOLDFAST_HOST: host, HOLDFAST_API_KEYS: key })).toMatchObject({ host });
  },
);

test.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('the host %s needs no keys', (host) => {
  expect(loadConfig({ HOLDFAST_HOST: host }).host).toBe(host);
});

test('a default deadline above the longest allowed deadline is refused', () => {
  expect(refusalOf({ HOLDFAST_MAX_DEADLINE_SECONDS: '60' })).toMatch(
    /HOLDFAST_DEADLINE_SECONDS is above HOLDFAST_MAX_DEADLINE_SECONDS/,
  );
  const both = { HOLDFAST_MAX_DEADLINE_SECONDS: '60', HOLDFAST_DEADLINE_SECONDS: '60' };
  expect(loadConfig(both).limits).toMatchObject({ deadlineMs: 60_000, maxDeadlineMs: 60_000 });
});

describe('webhooks', () => {
  const targetsOf = (environment: Record<string, string>) => loadConfig(environment).webhooks.targets;

  test('go to loopback only where nothing points to another machine', () => {
    expect(targetsOf({}).allowsLoopback).toBe(true);
    for (const TEMPORAL_ADDRESS of ['127.0.0.1:7233', 'localhost:7233', '[::1]:7233', 'localhost'])
      expect(targetsOf({ TEMPORAL_ADDRESS }).allowsLoopback, TEMPORAL_ADDRESS).toBe(true);
    for (const elsewhere of [
      { TEMPORAL_ADDRESS: 'temporal:7233' },
      { TEMPORAL_ADDRESS: '10.0.0.5:7233' },
      { HOLDFAST_HOST: '0.0.0.0', HOLDFAST_API_KEYS: key },
      { HOLDFAST_PUBLIC_ORIGIN: 'https://gateway.example' },
    ])
      expect(targetsOf(elsewhere).allowsLoopback, JSON.stringify(elsewhere)).toBe(false);
  });

  test('may not go to the ports of Holdfast and of a Temporal server on this machine', () => {
    const ports = { HOLDFAST_PORT: '80', HOLDFAST_WORKER_PORT: '81', HOLDFAST_TEMPORAL_UI_PORT: '82' };
    const { refusedPorts } = targetsOf({
      ...ports,
      HOLDFAST_TEMPORAL_PORT: '0',
      TEMPORAL_ADDRESS: '[::1]:900',
    });
    expect([...refusedPorts].sort((a, b) => a - b)).toEqual([80, 81, 82, 900, 910, 920, 1_900]);
  });

  test('take an allow list; a wrong entry is refused with its place', () => {
    const { allow } = targetsOf({ HOLDFAST_WEBHOOK_ALLOW: 'crm.internal:8080, 10.0.0.0/8' });
    expect(allow).toEqual([
      { kind: 'name', name: 'crm.internal', port: 8_080 },
      { kind: 'range', range: '10.0.0.0/8', port: undefined },
    ]);
    expect(refusalOf({ HOLDFAST_WEBHOOK_ALLOW: 'crm.internal,10.0.0.0/33' })).toBe(
      "HOLDFAST_WEBHOOK_ALLOW: entry 2 ('10.0.0.0/33'): is no range like 10.0.0.0/8 or fd00::/8",
    );
  });

  test('are compared between nodes by a hash of the allow list, whatever its order', () => {
    const sharedOf = (HOLDFAST_WEBHOOK_ALLOW: string) => loadConfig({ HOLDFAST_WEBHOOK_ALLOW }).shared.all;
    expect(sharedOf('a,b')).toEqual({
      HOLDFAST_WEBHOOK_ALLOW: expect.stringMatching(/^[\w-]{11}$/) as string,
    });
    expect(sharedOf('b , A')).toEqual(sharedOf('a,b'));
    expect(sharedOf('a')).not.toEqual(sharedOf('a,b'));
    expect(sharedOf(' , ')).toEqual({});
  });

  test('are tried for a day less than endings are kept, or the node does not start', () => {
    expect(refusalOf({ HOLDFAST_WEBHOOK_RETRY_HOURS: '168' })).toMatch(
      /set HOLDFAST_ENDINGS_DAYS to 8 or more, or HOLDFAST_WEBHOOK_RETRY_HOURS to at most 144$/,
    );
    expect(refusalOf({ HOLDFAST_ENDINGS_DAYS: '1' })).toMatch(/set HOLDFAST_ENDINGS_DAYS to 4 or more$/);
    const both = { HOLDFAST_WEBHOOK_RETRY_HOURS: '168', HOLDFAST_ENDINGS_DAYS: '8' };
    expect(loadConfig(both).webhooks.retryMs).toBe(168 * 3_600_000);
  });
});

describe('the mail server', () => {
  const HOLDFAST_SMTP_FROM = 'Holdfast <holdfast@example.com>';
  const serverOf = (HOLDFAST_SMTP_URL: string) =>
    loadConfig({ HOLDFAST_SMTP_URL, HOLDFAST_SMTP_FROM }).webhooks.mailServer;

  test.each([
    ['smtp://mail.example.com', { port: 587, tls: 'if_offered' }],
    ['smtp://mail.example.com:25', { port: 25, tls: 'if_offered' }],
    ['smtp://mail.example.com?starttls=off', { port: 587, tls: 'never' }],
    ['smtps://mail.example.com/', { port: 465, tls: 'on_connect' }],
    ['smtp://ann:p%40ss@mail.example.com', { port: 587, tls: 'required', user: 'ann', password: 'p@ss' }],
    ['smtps://ann:x@mail.example.com', { port: 465, tls: 'on_connect', user: 'ann', password: 'x' }],
  ])('%s', (url, expected) => {
    expect(serverOf(url)).toEqual({ host: 'mail.example.com', from: HOLDFAST_SMTP_FROM, ...expected });
  });

  test('on this machine may get its password without TLS', () => {
    expect(serverOf('smtp://ann:x@[::1]:25')).toMatchObject({ host: '::1', tls: 'if_offered', user: 'ann' });
    expect(serverOf('smtp://ann:x@localhost?starttls=off')).toMatchObject({ tls: 'never', user: 'ann' });
  });

  test.each([
    ['mail.example.com', /takes a URL like smtp:/],
    ['https://mail.example.com', /takes a URL like smtp:/],
    ['smtp://', /takes a URL like smtp:/],
    ['smtp://mail.example.com/box', /takes a URL like smtp:/],
    ['smtp://ann:5%@mail.example.com', /write it as %25/],
    ['smtp://mail.example.com?tls=off', /no query but \?starttls=off/],
    ['smtps://mail.example.com?starttls=off', /no query but \?starttls=off/],
    ['smtp://ann:secret@mail.example.com?starttls=off', /password in the clear/],
  ])('%s is refused, and not shown', (url, why) => {
    const refusal = refusalOf({ HOLDFAST_SMTP_URL: url, HOLDFAST_SMTP_FROM });
    expect(refusal).toMatch(/^HOLDFAST_SMTP_URL: /);
    expect(refusal).toMatch(why);
    expect(refusal).not.toMatch(/secret/);
  });

  test('needs a sender, who is an address or a name and an address', () => {
    const url = { HOLDFAST_SMTP_URL: 'smtp://mail.example.com' };
    expect(refusalOf(url)).toBe(
      'HOLDFAST_SMTP_URL needs HOLDFAST_SMTP_FROM: the address that mails come from',
    );
    expect(refusalOf({ HOLDFAST_SMTP_FROM })).toMatch(/set both$/);
    for (const from of ['Holdfast', 'a@b, c@d', 'A <a@b>\r\nBcc: c@d', '"A" <a@b>'])
      expect(refusalOf({ ...url, HOLDFAST_SMTP_FROM: from }), from).toMatch(
        /^HOLDFAST_SMTP_FROM: takes an address/,
      );
    const { shared, webhooks } = loadConfig({ ...url, HOLDFAST_SMTP_FROM: 'a@b.example' });
    expect(webhooks.mailServer?.from).toBe('a@b.example');
    expect(shared.all).toEqual({ HOLDFAST_SMTP_FROM: 'a@b.example' });
  });
});

describe('an OpenID Connect issuer', () => {
  const oidc = {
    HOLDFAST_OIDC_ISSUER: 'https://login.example.com',
    HOLDFAST_OIDC_CLIENT_ID: 'holdfast',
    HOLDFAST_OIDC_GROUPS: 'admins=admin; support=crm:read,operate',
  };
  const without = (name: string) => Object.fromEntries(Object.entries(oidc).filter(([one]) => one !== name));

  test('needs a client and a map of groups; the rest has defaults', () => {
    expect(loadConfig(oidc).oidc).toEqual({
      issuer: 'https://login.example.com',
      clientId: 'holdfast',
      clientSecret: undefined,
      audience: 'holdfast',
      groups: [
        { group: 'admins', project: 'default', scopes: ['admin'] },
        { group: 'support', project: 'crm', scopes: ['read', 'operate'] },
      ],
      groupsClaim: 'groups',
    });
    const more = {
      HOLDFAST_OIDC_CLIENT_SECRET: 'secret',
      HOLDFAST_OIDC_AUDIENCE: 'https://holdfast.example',
      HOLDFAST_OIDC_GROUPS_CLAIM: 'roles',
    };
    expect(loadConfig({ ...oidc, ...more }).oidc).toMatchObject({
      clientSecret: 'secret',
      audience: 'https://holdfast.example',
      groupsClaim: 'roles',
    });
    expect(loadConfig({}).oidc).toBeUndefined();
  });

  test('that is set in parts is refused, with what to add', () => {
    expect(refusalOf(without('HOLDFAST_OIDC_ISSUER'))).toBe(
      "HOLDFAST_OIDC_CLIENT_ID, HOLDFAST_OIDC_GROUPS without HOLDFAST_OIDC_ISSUER: set that to the issuer's URL, or unset the rest",
    );
    for (const name of ['CLIENT_SECRET', 'AUDIENCE', 'GROUPS_CLAIM'].map((one) => `HOLDFAST_OIDC_${one}`))
      expect(refusalOf({ [name]: 'groups' })).toMatch(`${name} without HOLDFAST_OIDC_ISSUER`);
    for (const name of ['HOLDFAST_OIDC_CLIENT_ID', 'HOLDFAST_OIDC_GROUPS'])
      expect(refusalOf(without(name))).toMatch(`HOLDFAST_OIDC_ISSUER also needs ${name} (`);
    expect(refusalOf({ HOLDFAST_OIDC_ISSUER: 'https://x.example' })).toMatch(/CLIENT_ID .* and .*_GROUPS/);
  });

  test('lets a node listen beyond loopback without keys, and then needs the public origin', () => {
    const beyond = { ...oidc, HOLDFAST_HOST: '0.0.0.0' };
    expect(refusalOf(beyond)).toMatch('HOLDFAST_OIDC_ISSUER also needs HOLDFAST_PUBLIC_ORIGIN (');
    const HOLDFAST_PUBLIC_ORIGIN = 'https://gateway.example.com';
    expect(loadConfig({ ...beyond, HOLDFAST_PUBLIC_ORIGIN })).toMatchObject({ host: '0.0.0.0', apiKeys: [] });
  });

  test('speaks https, and http on loopback only', () => {
    for (const HOLDFAST_OIDC_ISSUER of [
      'https://login.example.com/realms/a',
      'http://127.0.0.1:8080',
      'http://localhost/',
      'http://[::1]:1',
    ])
      expect(loadConfig({ ...oidc, HOLDFAST_OIDC_ISSUER }).oidc?.issuer).toBe(HOLDFAST_OIDC_ISSUER);
    for (const wrong of [
      'http://login.example.com',
      'http://127.0.0.1.example.com',
      'http://10.0.0.1',
      'ftp://127.0.0.1',
      'login.example.com',
      'https://u:p@login.example.com',
      'https://login.example.com?tenant=1',
      'https://login.example.com#x',
    ])
      expect(refusalOf({ ...oidc, HOLDFAST_OIDC_ISSUER: wrong })).toMatch(
        /^HOLDFAST_OIDC_ISSUER: takes an https URL/,
      );
  });

  test('with a wrong map is refused with the entry', () => {
    expect(refusalOf({ ...oidc, HOLDFAST_OIDC_GROUPS: 'admins=admin; support=crm:red' })).toBe(
      "HOLDFAST_OIDC_GROUPS: entry 2 ('support=crm:red'): 'red' is not a scope: call, read, operate, metrics, admin",
    );
  });
});
