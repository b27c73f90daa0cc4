import { useState } from 'preact/hooks';
import type { Agent } from '../../../src/contract/agents.ts';
import type { AgentHealth } from '../../../src/contract/health.ts';
import { may, mayTend } from '../access/may.ts';
import { api } from '../api.ts';
import { duration } from '../format.ts';
import { asProblem, type Problem } from '../http.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { notify } from '../ui/notice.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { FallbackOf } from './fallback-of.tsx';
import { PauseButton, ResumeButton } from './pause-button.tsx';

interface AgentActionsProps {
  readonly agent: Agent;
  readonly health: AgentHealth | undefined;
  readonly onChange: () => void;
  /** Called instead of `onChange` once the agent is removed. */
  readonly onRemoved?: () => void;
}

/** The buttons that pause and resume an agent, probe it, reset its circuit and remove it. */
export function AgentActions({ agent, health, onChange, onRemoved = onChange }: AgentActionsProps) {
  const { name } = agent;
  const tends = mayTend(agent);
  const reset = async (): Promise<void> => {
    await api.resetCircuit(name);
    notify(`${name}'s circuit is closed`);
    onChange();
  };
  const remove = async (): Promise<void> => {
    await api.removeAgent(name);
    notify(`${name} was removed`);
    onRemoved();
  };
  const circuitMatters = health && (health.circuit !== 'closed' || health.consecutive_failures > 0);
  return (
    <>
      {tends && agent.paused && <ResumeButton agent={agent} onChange={onChange} />}
      {tends && <PauseButton key={String(agent.paused !== null)} agent={agent} onChange={onChange} />}
      {tends && <ProbeButton name={name} onChange={onChange} />}
      {tends && circuitMatters && (
        <ConfirmButton
          label="Reset circuit"
          about={`of ${name}`}
          title={`Close the circuit of ${name}?`}
          action="Close it"
          onConfirm={reset}
        >
          <p>Calls ask this agent again at once. Its recent failures are cleared; its totals are kept.</p>
        </ConfirmButton>
      )}
      {may('admin') && (
        <ConfirmButton
          label="Remove"
          about={name}
          title={`Remove ${name}?`}
          action="Remove the agent"
          danger
          onConfirm={remove}
        >
          <p>Its health figures are deleted. Calls in flight that have it in their chain still ask it.</p>
          <FallbackOf names={agent.fallback_of} />
        </ConfirmButton>
      )}
    </>
  );
}

/** Probes the agent. A probe costs nothing and changes only the agent's status, so it needs no confirmation. */
function ProbeButton({ name, onChange }: { name: string; onChange: () => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const probe = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const found = await api.probe(name);
      notify(
        found.ok
          ? `${name} answered the probe: ${found.status_code ?? 'connected'} in ${duration(found.latency_ms)}`
          : `${name} failed the probe: ${found.error ?? `status ${found.status_code ?? 'unknown'}`}`,
      );
      onChange();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const label = busy ? 'Probing…' : 'Probe now';
  return (
    <>
      <button type="button" aria-label={`${label} ${name}`} disabled={busy} onClick={() => void probe()}>
        {label}
      </button>
      {problem && <ProblemBox problem={problem} />}
    </>
  );
}
