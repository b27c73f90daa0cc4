/** Faults of PostgreSQL while the Temporal server runs: PostgreSQL ends and has to recover its data, or cannot be reached. */
import { pause } from '../pause.ts';
import type { ClusterProduct } from '../product/cluster-product.ts';
import { everyFacade, type Done, type Fault } from './fault.ts';
import { badNetwork } from './network.ts';

const longestAwayMs = 8_000;

const killPostgres: Fault<ClusterProduct> = async ({ product, random }) => {
  const awayMs = random.whole(300, longestAwayMs);
  const what = await product.killPostgres(random.chance(0.5), awayMs);
  await pause(awayMs);
  return away(`${what}, away for ${awayMs} ms`, product);
};

/**
 * Shuts PostgreSQL down in its "immediate" mode: its processes quit without a checkpoint, so it must recover from its
 * write-ahead log.
 */
const quitPostgres: Fault<ClusterProduct> = async ({ product, random }) => {
  const awayMs = random.whole(300, longestAwayMs);
  const { pid } = product.postgres;
  product.postgres.signal('SIGQUIT', awayMs);
  await pause(awayMs);
  return away(`SIGQUIT ${pid}, away for ${awayMs} ms`, product);
};

const away = (what: string, product: ClusterProduct): Done => ({
  what,
  at: Date.now(),
  touched: everyFacade(product),
  endedServers: true,
});

export const ofPostgres = {
  'kill-postgres': killPostgres,
  'quit-postgres': quitPostgres,
  'net-postgres': badNetwork<ClusterProduct>('server <-> PostgreSQL', ({ product }) => [
    product.databaseProxy,
  ]),
};
