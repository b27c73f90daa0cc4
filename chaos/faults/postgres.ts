/** PostgreSQL ends under the Temporal server, is away for a while and has to recover; or cannot be reached. */
import { pause } from '../pause.ts';
import type { Cluster } from '../product/cluster.ts';
import { everyFacade, type Fault } from './fault.ts';
import { badNetwork } from './network.ts';

const longestAwayMs = 8_000;

const killPostgres: Fault<Cluster> = async ({ product, random }) => {
  const awayMs = random.whole(300, longestAwayMs);
  const what = await product.killPostgres(random.chance(0.5), awayMs);
  await pause(awayMs);
  return { what: `${what}, away for ${awayMs} ms`, at: Date.now(), touched: everyFacade(product) };
};

/** Its "immediate" stop: its processes quit without writing anything down, as on a machine that is shut down in a hurry. */
const quitPostgres: Fault<Cluster> = async ({ product, random }) => {
  const awayMs = random.whole(300, longestAwayMs);
  const { pid } = product.postgres;
  product.postgres.signal('SIGQUIT', awayMs);
  await pause(awayMs);
  const what = `SIGQUIT ${pid}, away for ${awayMs} ms`;
  return { what, at: Date.now(), touched: everyFacade(product) };
};

export const ofPostgres = {
  'kill-postgres': killPostgres,
  'quit-postgres': quitPostgres,
  'net-postgres': badNetwork<Cluster>('server <-> PostgreSQL', ({ product }) => [product.databaseRoad]),
};
