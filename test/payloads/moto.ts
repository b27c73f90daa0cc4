/** A real S3-compatible server (moto) on a free port, if Python has it installed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { createS3Store } from '../../src/payloads/s3-store.ts';
import type { PayloadStore } from '../../src/payloads/payload-store.ts';
import { foundHere } from '../rig/found-here.ts';

export function hasMoto(): boolean {
  try {
    execFileSync('python3', ['-c', 'import moto.server'], { stdio: 'ignore' });
    return true;
  } catch {
    return foundHere("moto (Python's)", false);
  }
}

/** A store in a new bucket, and the server's address. */
export async function startMoto(): Promise<{ store: PayloadStore; endpoint: string }> {
  const server = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(async () => {
    server.kill();
    if (server.exitCode === null) await once(server, 'exit');
  });
  let endpoint = '';
  for await (const line of createInterface({ input: server.stderr })) {
    endpoint = /Running on (http:\S+)/.exec(line)?.[1] ?? '';
    if (endpoint !== '') break;
  }
  server.stderr.resume();
  await fetch(`${endpoint}/payloads`, { method: 'PUT' });
  return { store: createS3Store(s3Settings(endpoint)), endpoint };
}

export const s3Settings = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  bucket: 'payloads',
  prefix: 'holdfast/',
  accessKeyId: 'id',
  secretAccessKey: 'secret',
});
