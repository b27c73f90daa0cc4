import { expect } from 'vitest';
import type { HttpClient, Json } from '../rig/http-client.ts';

/** The call's description once it has ended. */
export async function endedCall(http: HttpClient, path: string): Promise<Json> {
  const read = async (): Promise<Json> => (await http.get(path)).body;
  await expect.poll(async () => (await read()).status).toMatch(/completed|failed|cancelled/);
  return read();
}
