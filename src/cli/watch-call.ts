import type { CallEvent } from '../contract/call-events.ts';
import { asArgument } from './call-id.ts';
import type { Context } from './command.ts';
import { describeEvent } from './describe-event.ts';
import type { ExitName } from './exit-codes.ts';
import { followEvents } from './follow-events.ts';
import { untilInterrupted } from './interrupt.ts';

/** Prints the events of a call until it ends. Returns `failed` if it ended without an answer. */
export async function watchCall({ client, out }: Context, callId: string): Promise<ExitName> {
  const path = `/calls/${encodeURIComponent(callId)}/events`;
  let last: CallEvent | undefined;
  await untilInterrupted(
    async (signal) => {
      for await (const { data } of followEvents(client, path, signal)) {
        last = data as CallEvent;
        if (out.json) out.event(data);
        else out.line(`${out.colors.dim(last.at)}  ${describeEvent(last)}`);
      }
    },
    () => `The call continues: holdfast calls watch ${asArgument(callId)}`,
  );
  return last?.type === 'answered' ? 'ok' : 'failed';
}
