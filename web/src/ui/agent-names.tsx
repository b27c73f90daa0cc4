import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';

/** The list of registered agents that an input with this `list` offers. */
export function AgentNames({ id }: { id: string }) {
  const agents = useLoaded('agents', api.agents);
  return <Names id={id} of={agents.value?.agents.map(({ name }) => name) ?? []} />;
}

/** A list of names that an input with this `list` offers. */
export function Names({ id, of }: { id: string; of: readonly string[] }) {
  return (
    <datalist id={id}>
      {of.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}
