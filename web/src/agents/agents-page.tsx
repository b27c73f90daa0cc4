import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { AgentCard } from './agent-card.tsx';
import { FirstUse } from './first-use.tsx';
import { RegisterForm } from './register-form.tsx';

const refreshMs = 5_000;

export function AgentsPage() {
  const { value, problem, reload } = useLoaded('agents', async () => {
    const [{ agents }, healths] = await Promise.all([api.agents(), api.healths()]);
    return { agents, healths: new Map(healths.agents.map((one) => [one.agent_name, one])) };
  });
  useRepeated(refreshMs, reload);
  if (value?.agents.length === 0) return <FirstUse onRegistered={() => void reload()} />;
  return (
    <Page title="Agents" aside={<RegisterButton onRegistered={() => void reload()} />}>
      {!value && <Loading problem={problem} />}
      {value && problem && <ProblemBox problem={problem} />}
      {value && (
        <div class="cards">
          {value.agents.map((agent) => (
            <AgentCard
              key={agent.name}
              agent={agent}
              health={value.healths.get(agent.name)}
              onChange={() => void reload()}
            />
          ))}
        </div>
      )}
    </Page>
  );
}

function RegisterButton({ onRegistered }: { onRegistered: () => void }) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        Register an agent
      </button>
      {open && (
        <Dialog title="Register an agent" onClose={close}>
          <RegisterForm
            onCancel={close}
            onRegistered={() => {
              close();
              onRegistered();
            }}
          />
        </Dialog>
      )}
    </>
  );
}
