/** The files of the desk: what a browser gets, how it may cache it, and who gets it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { webDir } from '../../src/platform/paths.ts';
import { expectProblem } from '../api/problem.ts';
import { useNode } from '../api/use-node.ts';
import { HttpClient } from '../rig/http-client.ts';

const maxGzippedBytes = 150_000;
const key = 'key-of-the-desk-0123456789';

/** Fetches a URL without decompressing the body, which `fetch` would do. */
function raw(
  url: string,
  headers: Record<string, string>,
): Promise<{ headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject).end();
  });
}

test('the whole desk has less than 150 kB compressed, and its document has no inline scripts or styles', () => {
  const files = readdirSync(webDir, { recursive: true, encoding: 'utf8' });
  const compressed = files.filter((name) => name.endsWith('.gz'));
  const bytes = compressed.reduce((sum, name) => sum + readFileSync(join(webDir, name)).length, 0);
  expect(compressed.length).toBeGreaterThanOrEqual(4); // The document, its script, its style, its icon.
  expect(bytes).toBeLessThan(maxGzippedBytes);
  const document = readFileSync(join(webDir, 'index.html'), 'utf8');
  expect(document).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*\ssrc=)|https?:/);
});

describe('a node', () => {
  const node = useNode();
  const assetPath = async (): Promise<string> => {
    const text = await (await fetch(node.http.url)).text();
    return /src="(\/assets\/[^"]+\.js)"/.exec(text)?.[1] ?? '';
  };

  it.each([
    '/',
    '/calls',
    '/calls/some-id',
    '/calls/some-id/compare/other-id',
    '/agents',
    '/agents/helper',
    '/agent?name=..',
    '/webhooks',
    '/sessions',
    '/sessions/a%2Fb',
    '/batches',
    '/batches/x',
  ])('serves the desk at %s, so that a page can be reloaded and shared as a link', async (path) => {
    const response = await fetch(node.http.url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toContain('text/html');
    expect(response.headers.get('Cache-Control')).toBe('no-cache');
    expect(await response.text()).toContain('<div id="desk">');
  });

  it('leads back to the desk from the page of the API', async () => {
    const text = await (await fetch(`${node.http.url}/docs`)).text();
    expect(text).toContain('<a href="/">Back to the desk</a>');
  });

  it('sends a Content-Security-Policy that allows only its own files, nothing inline, and no frames', async () => {
    const policy = (await fetch(node.http.url)).headers.get('Content-Security-Policy') ?? '';
    for (const rule of [
      "default-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
    ])
      expect(policy).toContain(rule);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('lets browsers cache only files with a hash in their name', async () => {
    const script = await fetch(node.http.url + (await assetPath()));
    expect(script.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
    expect(script.headers.get('Content-Type')).toContain('javascript');
    const icon = await fetch(`${node.http.url}/favicon.svg`);
    expect(icon.headers.get('Cache-Control')).toBe('no-cache');
  });

  it('compresses text with the best encoding that the browser accepts', async () => {
    const url = node.http.url + (await assetPath());
    const plain = await raw(url, {});
    const zipped = await raw(url, { 'Accept-Encoding': 'gzip' });
    const best = await raw(url, { 'Accept-Encoding': 'gzip, deflate, br, zstd' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
    expect(best.headers['content-encoding']).toBe('br');
    expect(best.body.length).toBeLessThan(zipped.body.length);
  });

  it.each(['/wat', '/batches/x/y', '/calls/%zz', '/sessions/%E0%A4%A'])(
    'answers the wrong link %s with 404: a page for browsers, JSON for other clients',
    async (path) => {
      const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
      const page = await fetch(node.http.url + path, { headers: { Accept: accept } });
      expect(page.status).toBe(404);
      expect(page.headers.get('Vary')).toBe('Accept, Accept-Encoding');
      expect(await page.text()).toContain('<div id="desk">');
      for (const other of [path, `/api/vps${path}`]) {
        const headers: Record<string, string> = other === path ? {} : { Accept: accept };
        const answer = await fetch(node.http.url + other, { headers });
        expect(answer.status).toBe(other.includes('%') ? 422 : 404);
        expect(answer.headers.get('Content-Type')).toContain('application/problem+json');
      }
    },
  );

  it('serves no other file, whatever the path', async () => {
    for (const path of [
      '/assets/nothing.js',
      '/assets/..%2f..%2fpackage.json',
      '/index.html.gz',
      '/batches/x/y',
    ])
      expectProblem(await node.http.get(path), 404, 'route_not_found');
  });
});

describe('a node with API keys', () => {
  const node = useNode({ HOLDFAST_API_KEYS: key });

  it('serves the desk and its files to everyone, so that one can sign in, and nothing else', async () => {
    const stranger = new HttpClient(node.http.url);
    const text = async (path: string, headers = {}) => {
      const response = await fetch(node.http.url + path, { headers });
      return [response.status, await response.text()] as const;
    };
    const [, document] = await text('/');
    expect(document).toContain('<div id="desk">');
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(document)?.[1] ?? '';
    for (const path of ['/calls/x', script, '/favicon.svg']) expect((await text(path))[0]).toBe(200);
    expect(await text('/wat', { Accept: 'text/html' })).toEqual([404, document]);
    for (const path of ['/docs', '/openapi.json', '/metrics', '/api/vps/agents'])
      expectProblem(await stranger.get(path), 401, 'unauthorized');
  });
});
