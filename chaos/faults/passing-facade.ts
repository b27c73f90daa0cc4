import { pause } from '../pause.ts';
import type { ClusterProduct } from '../product/cluster-product.ts';
import type { Fault } from './fault.ts';

/**
 * One more facade joins and takes its part of the load. Then it is stopped in order; half of the time clients still send
 * it calls, half of the time they have been told before.
 */
const passingFacade: Fault<ClusterProduct> = async ({ api, product, random }) => {
  const facade = await product.startFacade('facade-3');
  const { name, url } = facade;
  const ms = random.whole(3_000, 8_000);
  const toldBefore = random.chance(0.5);
  api.join(name, url);
  return {
    what: `${name} joins, and leaves after ${ms} ms ${toldBefore ? 'without load' : 'under load'}`,
    at: Date.now(),
    touched: [name],
    async afterwards() {
      await pause(ms);
      if (toldBefore) api.leave(name);
      await product.retire(facade);
      api.leave(name);
    },
  };
};

export const passingFacades = { 'passing-facade': passingFacade };
