/** The faults that only a node with the embedded Temporal server can have. */
import type { Single } from '../product/single.ts';
import { everyFacade, type Fault, type Faults } from './fault.ts';

const killNode: Fault<Single> = ({ product }) => {
  const { pid } = product.node;
  product.node.signal('SIGKILL');
  return Promise.resolve({ what: `kill -9 ${pid}`, at: Date.now(), touched: everyFacade(product) });
};

export const ofSingle: Faults<Single> = { 'kill-node': killNode };
