/** Fills a node with what the costs are measured beside. */
import { call, get } from './http.ts';
import { runLanes } from './lanes.ts';
import type { Progress } from './rounds.ts';

const parallel = 64;
const batch = 1_000;

/** Calls a quick agent until the node stores `wanted` calls. */
export async function storeCalls(url: string, wanted: number, progress: Progress): Promise<void> {
  let stored = await storedCalls(url);
  while (stored < wanted) {
    progress(`storing calls: ${stored} of ${wanted}`);
    const more = Math.min(batch, wanted - stored);
    await runLanes(() => call(url, { agent_name: 'quick' }), more, parallel);
    stored += more;
  }
}

async function storedCalls(url: string): Promise<number> {
  const counts = JSON.parse(await get(`${url}/api/vps/calls/counts`)) as Record<string, number>;
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
