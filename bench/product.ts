/** The product as `npm start` runs it, with the breaker off so that failing agents are asked each time. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { request } from 'undici';
import { databaseIn } from '../src/platform/embedded/data-dir.ts';
import { packageRoot } from '../src/platform/paths.ts';
import type { Agents } from './agents.ts';
import type { Children } from './children.ts';

export interface Product {
  readonly url: string;
  readonly pid: number;
  readonly temporalAddress: string;
}

export interface ProductServer {
  readonly pid: number;
  readonly database: string;
}

export async function startProduct(
  children: Children,
  settings: Readonly<Record<string, string>>,
): Promise<Product> {
  const environment = {
    HOLDFAST_PORT: '0',
    HOLDFAST_TEMPORAL_PORT: '0',
    HOLDFAST_TEMPORAL_UI_PORT: '0',
    HOLDFAST_LOG_LEVEL: 'warn',
    HOLDFAST_CIRCUIT_BREAKER: 'off',
    ...settings,
  };
  const script = join(packageRoot, 'dist/src/api/server.js');
  const { pid, match, text } = await children.startNode(script, [], environment, /Temporal +(\S+)/);
  const url = /API +(http:\S+)\/api/.exec(text)?.[1] ?? '';
  return { url, pid, temporalAddress: match[1] ?? '' };
}

/** The server that a product started for itself. */
export function serverOf({ pid }: Product, dataDir: string): ProductServer {
  const listed = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const database = databaseIn(dataDir);
  const line = listed.find((one) => one.includes(`--db-filename ${database}`) && !one.includes('/bin/sh'));
  if (!line) throw new Error(`The node ${pid} has no server on ${database}`);
  return { pid: Number(line.trim().split(' ')[0]), database };
}

export async function registerAgents({ url }: Product, { quick, slow, failing }: Agents): Promise<void> {
  const host = '127.0.0.1';
  const once = { host, port: failing, max_retries: 0 };
  const agents = [
    { name: 'quick', host, port: quick },
    { name: 'slow', host, port: slow },
    { name: 'failing', ...once, fallback_agents: ['quick'] },
    { name: 'one-failed', ...once, fallback_agents: ['quick'] },
    { name: 'two-failed', ...once, fallback_agents: ['failing'] },
  ];
  for (const agent of agents) await post(`${url}/api/vps/register`, agent);
}

/** Throws if the call did not end with an answer. */
export async function callAgent(
  { url }: Product,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = (await post(`${url}/api/vps/call`, { prompt: 'hello', ...body }, headers)) as {
    success: boolean;
    call_id: string;
  };
  if (!answer.success) throw new Error(`A call failed: ${JSON.stringify(answer)}`);
  return answer.call_id;
}

export async function read({ url }: Product, path: string): Promise<string> {
  const { body, statusCode } = await request(url + path);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text}`);
  return text;
}

export async function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${await answer.body.text()}`);
  return answer.body.json();
}
