import { pause } from '../pause.ts';
import { serverPidOf } from '../product/process-table.ts';
import { bothFacades, type Fault } from './fault.ts';

/** Not a byte is left for the database; then there is room again. */
const diskFull: Fault = async ({ cluster, random }) => {
  const ms = random.whole(2_000, 6_000);
  const what = `full for ${ms} ms: ${cluster.data.quota}`;
  try {
    await cluster.data.fill(await cluster.serverPid());
  } catch (error) {
    return { what, at: Date.now(), touched: bothFacades, skipped: (error as Error).message };
  }
  await pause(ms);
  // The server may have ended of it, and the node with it.
  await cluster.data.free(await serverPidOf(cluster.database));
  return { what, at: Date.now(), touched: bothFacades };
};

export const disks = { 'disk-full': diskFull };
