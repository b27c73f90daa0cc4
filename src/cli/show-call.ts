import type { CallDescription } from '../contract/calls.ts';
import type { Output } from './output.ts';

/** Prints how a call ended: its answer, or its error and attempts. */
export function showEnding(out: Output, call: CallDescription): void {
  if (call.status === 'completed') {
    out.text(call.response ?? '');
    return;
  }
  out.fields({
    call: call.call_id,
    status: call.status,
    error_type: call.error_type,
    error: call.error,
    superseded_by: call.superseded_by,
  });
  showAttempts(out, call);
}

/** Prints everything about a call. */
export function showCall(out: Output, call: CallDescription): void {
  out.fields({
    call: call.call_id,
    status: call.status,
    asked: call.asked,
    answered_by: call.answered_by,
    passed_over: call.passed_over.map((name) => `${name} (its circuit was open)`).join('; ') || null,
    error_type: call.error_type,
    error: call.error,
    session: call.session_id,
    user: call.user_id,
    started: call.started_at,
    ended: call.ended_at,
    took: call.latency_ms === null ? null : `${call.latency_ms} ms`,
    timings: timingsOf(call),
    chain: call.chain.map(({ name, url }) => `${name} (${url})`).join(' -> '),
    waiting_for: call.waiting_for,
    rerun_of: call.rerun_of,
    resolved: call.resolved === true ? 'yes: a rerun was answered' : null,
    superseded_by: call.superseded_by,
    reruns: call.reruns.map(({ call_id, status }) => `${call_id} (${status})`).join(', ') || null,
    callback: call.callback,
    web_ui: call.web_ui_url,
  });
  showAttempts(out, call);
  out.line();
  out.line(out.colors.bold('prompt'));
  out.text(call.prompt);
  if (call.response === null) return;
  out.line();
  out.line(out.colors.bold('response'));
  out.text(call.response);
}

function timingsOf({ timings }: CallDescription): string {
  return Object.entries(timings)
    .filter(([, ms]) => ms !== null)
    .map(([name, ms]) => `${name.replace(/_ms$/, '')} ${ms ?? 0} ms`)
    .join(', ');
}

function showAttempts(out: Output, { attempts }: CallDescription): void {
  if (attempts.length === 0) return;
  out.line();
  // In the order asked. In the API's answer the agents that were skipped before the call began come first.
  const skipped = (one: (typeof attempts)[number]): number => Number(one.status === 'skipped');
  const inOrder = attempts.toSorted((a, b) => skipped(a) - skipped(b));
  out.table(
    ['agent', 'outcome', 'tries', 'ms', 'error'],
    inOrder.map((one) => [one.agent, one.error_type ?? one.status, one.tries, one.latency_ms, one.error]),
    { outcome: out.state },
  );
}
