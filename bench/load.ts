/** Fills a node with calls before other costs are measured. */
import { get, retryWhileUnavailable } from './http.ts';
import { runLanes } from './lanes.ts';
import type { Progress } from './rounds.ts';

const parallel = 64;
const batch = 500;

/** Sends calls until the node stores at least `wanted` of them. */
export async function storeCalls(
  url: string,
  wanted: number,
  progress: Progress,
  callOne: () => Promise<unknown>,
): Promise<void> {
  let stored = await storedCalls(url);
  while (stored < wanted) {
    progress(`storing calls: ${stored} of ${wanted}`);
    const more = Math.min(batch, wanted - stored);
    await runLanes(() => retryWhileUnavailable(callOne), more, parallel);
    stored += more;
  }
}

async function storedCalls(url: string): Promise<number> {
  const { total } = JSON.parse(await get(`${url}/api/vps/calls/counts`)) as { total: number };
  return total;
}
