import type { AgentHealth } from '../../../src/contract/health.ts';
import { Time } from '../ui/time.tsx';

/** The state of an agent's circuit, and until when it is open. */
export function Circuit({ of: { circuit, circuit_open_until: until } }: { of: AgentHealth }) {
  return (
    <span class={`tag circuit-${circuit}`}>
      circuit {circuit.replace('_', ' ')}
      {until !== null && (
        <>
          {' until '}
          <Time at={until} />
        </>
      )}
    </span>
  );
}
