import { pause } from '../pause.ts';
import type { ClusterProduct } from '../product/cluster-product.ts';
import type { Fault } from './fault.ts';

/**
 * Starts one more facade, which takes its share of the load, and then stops it with SIGTERM. Half of the time clients still
 * send it calls at that moment, half of the time the load was moved away before.
 */
const passingFacade: Fault<ClusterProduct> = async ({ api, product, random }) => {
  const facade = await product.startFacade('facade-3');
  const { name, url } = facade;
  const ms = random.whole(3_000, 8_000);
  const loadMovedFirst = random.chance(0.5);
  api.join(name, url);
  return {
    what: `${name} joins, and leaves after ${ms} ms ${loadMovedFirst ? 'without load' : 'under load'}`,
    at: Date.now(),
    touched: [name],
    async afterwards() {
      await pause(ms);
      if (loadMovedFirst) api.leave(name);
      await product.retire(facade);
      api.leave(name);
    },
  };
};

export const passingFacades = { 'passing-facade': passingFacade };
