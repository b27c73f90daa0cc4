import { may } from '../access/may.ts';
import { Empty } from '../ui/empty.tsx';
import { Page } from '../ui/page.tsx';
import { Section } from '../ui/section.tsx';
import { Command } from './command.tsx';
import { RegisterForm } from './register-form.tsx';

/**
 * Shown while no agent is registered: to admins the three commands of a first call, with this node's address, and a form.
 */
export function FirstUse({ onRegistered }: { onRegistered: () => void }) {
  if (!may('admin'))
    return (
      <Page title="Welcome">
        <Empty title="No agent is registered yet">Somebody with the scope admin can register one.</Empty>
      </Page>
    );
  const { origin } = location;
  const json = "-H 'Content-Type: application/json'";
  return (
    <Page title="Welcome">
      <p class="lead">
        No agent is registered yet. An agent is any HTTP server that answers a prompt; Holdfast makes the
        calls to it durable.
      </p>
      <div class="split">
        <Section title="By command">
          <ol class="steps">
            <li>
              <p>Start the sample agent that comes with Holdfast, in another terminal:</p>
              <Command text="node examples/agent.js 9101" about="the command that starts an agent" />
            </li>
            <li>
              <p>Register it:</p>
              <Command
                text={`curl -s ${origin}/api/vps/register \\\n  ${json} \\\n  -d '{"name": "helper", "host": "127.0.0.1", "port": 9101}'`}
                about="the command that registers it"
              />
            </li>
            <li>
              <p>Call it; the call appears on this page:</p>
              <Command
                text={`curl -s ${origin}/api/vps/call \\\n  ${json} \\\n  -d '{"agent_name": "helper", "prompt": "Hello!", "session_id": "first"}'`}
                about="the command that calls it"
              />
            </li>
          </ol>
          <p class="hint">
            If this node has API keys, add <code>-H 'Authorization: Bearer …'</code> to each.
          </p>
        </Section>
        <Section title="By form">
          <RegisterForm name="helper" onRegistered={onRegistered} />
        </Section>
      </div>
    </Page>
  );
}
