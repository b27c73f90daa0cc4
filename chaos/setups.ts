/** The two setups of a run: how the product is started, and the faults that can be injected into it. */
import { common } from './faults/common.ts';
import type { Faults } from './faults/fault.ts';
import { ofCluster } from './faults/of-cluster.ts';
import { ofSingle } from './faults/of-single.ts';
import { startClusterProduct, type ClusterProduct } from './product/cluster-product.ts';
import type { Product, ProductSettings } from './product/product.ts';
import { startSingle, type Single } from './product/single.ts';

/** A way to start the product, with its faults. */
export interface Setup<P extends Product> {
  readonly start: (settings: ProductSettings) => Promise<P>;
  readonly faults: Faults<P>;
}

export const single: Setup<Single> = { start: startSingle, faults: { ...common, ...ofSingle } };

export const cluster: Setup<ClusterProduct> = {
  start: startClusterProduct,
  faults: { ...common, ...ofCluster },
};
