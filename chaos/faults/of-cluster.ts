/** The faults that only a cluster can have. */
import type { ClusterProduct } from '../product/cluster-product.ts';
import type { Faults } from './fault.ts';
import { freezes } from './freeze.ts';
import { passingFacades } from './passing-facade.ts';
import { ofPostgres } from './postgres.ts';
import { upgrades } from './upgrade.ts';

export const ofCluster: Faults<ClusterProduct> = {
  ...ofPostgres,
  ...freezes,
  ...passingFacades,
  ...upgrades,
};
