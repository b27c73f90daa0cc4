import type { Agent } from '../../../src/contract/agents.ts';
import { duration } from '../format.ts';
import { AgentLink } from '../ui/agent-link.tsx';
import { Section } from '../ui/section.tsx';
import { TextBlock } from '../ui/text-block.tsx';

interface AgentConfigProps {
  readonly agent: Agent;
  readonly agents: readonly Agent[];
}

/** How an agent is registered, without its token, and which agents it and others fall back to. */
export function AgentConfig({ agent, agents }: AgentConfigProps) {
  const registered = new Set(agents.map(({ name }) => name));
  const askedFor = agents.filter((one) => one.fallback_agents.includes(agent.name)).map(({ name }) => name);
  const facts = [
    ['Address', `${agent.url}${agent.path}`],
    ['Used by', agent.project === null ? 'all projects' : `the project ${agent.project}`],
    ['Timeout', duration(agent.timeout_seconds * 1_000)],
    ['Retries', String(agent.max_retries)],
    ['Requests in flight', agent.max_concurrency === null ? 'no limit' : `${agent.max_concurrency} per node`],
    ['History', agent.history === 'window' ? 'recent messages' : 'the prompt alone'],
    ['Health path', agent.health_path ?? 'none: no probes'],
    ['Token', tokenOf(agent)],
  ];
  return (
    <Section title="Configuration">
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>Falls back to</dt>
          <dd>
            <Names names={agent.fallback_agents} registered={registered} />
          </dd>
        </div>
        <div>
          <dt>Is a fallback of</dt>
          <dd>
            <Names names={askedFor} registered={registered} />
          </dd>
        </div>
      </dl>
      {agent.expect && (
        <details>
          <summary>Expectation</summary>
          <TextBlock text={JSON.stringify(agent.expect, undefined, 2)} label="Expectation" />
        </details>
      )}
    </Section>
  );
}

interface NamesProps {
  readonly names: readonly string[];
  readonly registered: ReadonlySet<string>;
}

function Names({ names, registered }: NamesProps) {
  if (names.length === 0) return <>nobody</>;
  return (
    <>
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 && ', '}
          {registered.has(name) ? <AgentLink name={name} /> : <>{name} (not registered)</>}
        </span>
      ))}
    </>
  );
}

function tokenOf({ has_auth_token: has, auth_token_reference: reference }: Agent): string {
  if (!has) return 'none';
  return reference ?? 'stored encrypted, never shown';
}
