import { useState } from 'preact/hooks';
import { api } from '../api.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { Section } from '../ui/section.tsx';
import { useIdempotencyKey } from '../ui/use-idempotency-key.ts';
import { TriedCall } from './tried-call.tsx';

/** Sends the agent a prompt, as a call like any other, and shows what becomes of it. */
export function TryIt({ name }: { name: string }) {
  const [sent, setSent] = useState<{ readonly id: string; readonly times: number }>();
  const keyOf = useIdempotencyKey();
  const times = (sent?.times ?? 0) + 1;
  const send = async (values: FormData): Promise<void> => {
    const request = { agent_name: name, prompt: formText(values, 'prompt') };
    // A call that was accepted is over for this form: the same prompt is then another call.
    const { call_id: id } = await api.ask(request, keyOf({ ...request, times }));
    setSent({ id, times });
  };
  return (
    <Section title="Try it">
      <ActionForm action="Send" onSubmit={send}>
        <Field
          label="Prompt"
          hint="A real call, without a session: the agent's fallbacks are asked if it fails"
        >
          <textarea name="prompt" rows={3} required />
        </Field>
      </ActionForm>
      {sent && <TriedCall key={sent.id} id={sent.id} />}
    </Section>
  );
}
