import { useState } from 'preact/hooks';
import type { Webhook } from '../../../src/contract/webhooks.ts';
import { api } from '../api.ts';
import { duration } from '../format.ts';
import { asProblem, Problem } from '../http.ts';
import { notify } from '../ui/notice.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { triedWords } from './tried-words.ts';

/** Sends a test event. It is marked as one, so this needs no confirmation. A failure is shown beside the button. */
export function TestButton({ of: { id, name }, onChange }: { of: Webhook; onChange: () => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const test = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const found = await api.testWebhook(id);
      const what = `${triedWords(found)} in ${duration(found.ms)}`;
      if (found.delivered) notify(`${name} took the test event: ${what}`);
      else setProblem(new Problem('The test event was not delivered', what));
      onChange();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const label = busy ? 'Sending…' : 'Send test event';
  return (
    <>
      <button type="button" aria-label={`${label} to ${name}`} disabled={busy} onClick={() => void test()}>
        {label}
      </button>
      {problem && <ProblemBox problem={problem} />}
    </>
  );
}
