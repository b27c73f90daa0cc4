/** The shell commands of README and docs do what the pages say: they are run, and their answers must have the shape shown. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepMs } from '../../src/domain/figures-step.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { claimPort } from '../../src/platform/embedded/ports.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import { FigureFiles } from '../../src/services/figures/figure-files.ts';
import { FigureWriter } from '../../src/services/figures/figure-writer.ts';
import { ending } from '../domain/ending-support.ts';
import type { HttpClient } from '../rig/http-client.ts';
import { headerOf, MailServer } from '../rig/mail-server.ts';
import { startTestNode, type Environment, type TestNode } from '../rig/test-node.ts';

const run = promisify(execFile);

/** The mail server of the page that is tested. */
let mails: MailServer;
const mailSettings = (): Environment => ({
  HOLDFAST_SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
  HOLDFAST_SMTP_FROM: 'Holdfast <holdfast@example.com>',
});

interface Block {
  readonly commands: string;
  /** The JSON that the page shows right after it. */
  readonly shown?: unknown;
}

/** `sh` blocks in order, each with the `json` block that follows it, if one does. */
function blocksOf(markdown: string): Block[] {
  const fences = [...markdown.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, text]) => ({
    language,
    text,
  }));
  return fences.flatMap(({ language, text = '' }, index) => {
    const next = fences[index + 1];
    if (language !== 'sh') return [];
    return [
      { commands: text, ...(next?.language === 'json' && { shown: JSON.parse(next.text ?? '') as unknown }) },
    ];
  });
}

/** Names of members, all the way down; of a list its first element speaks for all. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return 'value';
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}

/** What happened before a page's commands. */
const before: Readonly<Record<string, (test: TestNode) => Promise<void>>> = {
  async 'docs/figures.md'({ dataDir }) {
    // Calls of yesterday, since those of the page itself are counted only minutes later.
    const writer = new FigureWriter(new FigureFiles(createFileStore(join(dataDir, 'payloads'))));
    const yesterday = { agent: 'expert', endedAt: Date.now() - stepMs.day } as const;
    const timedOut = { agent: 'expert', errorType: 'timeout', tries: 2, latencyMs: 50 } as const;
    const attempts = [timedOut, { agent: 'helper', tries: 1, latencyMs: 20 }];
    writer.add(ending({ ...yesterday, answeredBy: 'helper', attempts }));
    writer.add(ending({ ...yesterday, outcome: 'failed', errorType: 'timeout', attempts: [timedOut] }));
    await writer.closeUntil(Date.now() - stepMs.hour);
  },
};

/** What holds after a page's commands, besides that none failed. */
const afterwards: Readonly<Record<string, (http: HttpClient) => Promise<void>>> = {
  async 'docs/replay.md'(http) {
    // Every call of the night was run again, once.
    const { body } = await http.get('/api/vps/calls?status=completed');
    const reruns = (body.calls as { rerun_of: string | null }[]).map(({ rerun_of }) => rerun_of);
    const failed = (await http.get('/api/vps/calls?status=failed')).body.calls as { call_id: string }[];
    expect(failed).toHaveLength(3);
    expect(reruns.sort()).toEqual(failed.map(({ call_id }) => call_id).sort());
  },
  async 'docs/webhooks.md'(http) {
    const subjects = mails.mails.map((mail) => headerOf(mail, 'Subject'));
    expect(subjects).toEqual(['[Holdfast] Test of the webhook oncall']);
    expect((await http.get('/api/vps/webhooks')).body.total).toBe(0);
    const { calls } = (await http.get('/api/vps/calls')).body as { calls: { call_id: string }[] };
    const callbackOf = async ({ call_id }: { call_id: string }) =>
      (await http.get(`/api/vps/calls/${call_id}`)).body.callback;
    // Of the two calls one had a callback, which was sent again.
    await expect.poll(() => Promise.all(calls.map(callbackOf))).toEqual(['delivered', null]);
  },
};

/** The ports of the agent and the receivers that pages start, and the file of each in `examples`. */
const examplePorts = { '9101': 'agent.js', '9201': 'crm-webhook.js', '9202': 'crm-webhook.js' } as const;

const pages = [
  'README.md',
  'docs/guide.md',
  'docs/replay.md',
  'docs/figures.md',
  'docs/operations.md',
  'docs/webhooks.md',
];

describe.each(pages)('the commands of %s', (page) => {
  let test: TestNode;
  let folder: string;
  /** The port that stands for each of the page. */
  const ports = new Map<string, number>();

  beforeAll(async () => {
    mails = new MailServer();
    await mails.start();
    test = await startTestNode(page === 'docs/webhooks.md' ? mailSettings() : {});
    folder = await mkdtemp(join(tmpdir(), 'holdfast-docs-'));
    await symlink(join(packageRoot, 'examples'), join(folder, 'examples'));
    for (const port of Object.keys(examplePorts)) ports.set(port, await claimPort(0, ''));
    await before[page]?.(test);
  });
  afterAll(async () => {
    await test.close();
    await mails.close();
    await rm(folder, { recursive: true, force: true });
  });

  it(
    'succeed in the order of the page, and their answers have the shape that the page shows',
    { timeout: 90_000 },
    async () => {
      const blocks = blocksOf(await readFile(join(packageRoot, page), 'utf8'));
      expect(blocks.length).toBeGreaterThan(3);
      const here = (text: string): string =>
        [...ports].reduce(
          (changed, [port, free]) => changed.replaceAll(port, String(free)),
          text.replaceAll('http://127.0.0.1:18789', test.node.url),
        );
      const script = [
        // Refusals fail the command, so that an example that is refused fails this test.
        'set -euo pipefail',
        'curl() { command curl --fail-with-body --max-time 30 "$@"; }',
        `npx() { shift; HOLDFAST_URL=${test.node.url} node ${packageRoot}/bin/holdfast.js "$@"; }`,
        'trap "kill \\$(jobs -p) 2>/dev/null || true" EXIT',
        ...blocks.map(({ commands }, index) => {
          return here(`{\n${commands}\n} > answer-${index}\n${untilListening(commands)}`);
        }),
      ].join('\n');

      await run('bash', ['-c', script], { cwd: folder });

      await afterwards[page]?.(test.http);
      for (const [index, { shown }] of blocks.entries()) {
        if (shown === undefined) continue;
        const answer = await readFile(join(folder, `answer-${index}`), 'utf8');
        expect(shapeOf(JSON.parse(answer))).toEqual(shapeOf(shown));
      }
    },
  );
});

/** What a reader's eyes do: the next command comes once the agent or receiver says that it listens. */
function untilListening(commands: string): string {
  return Object.entries(examplePorts)
    .filter(([port, file]) => commands.includes(`examples/${file}`) && commands.includes(port))
    .map(([port]) => `until (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null; do :; done\n`)
    .join('');
}
