import { AgentLink } from '../ui/agent-link.tsx';

/** Says, before an agent is removed, which agents fall back to it. */
export function FallbackOf({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <p>No agent falls back to it.</p>;
  return (
    <div class="warning">
      <strong>These fall back to it:</strong>{' '}
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 && ', '}
          <AgentLink name={name} />
        </span>
      ))}
    </div>
  );
}
