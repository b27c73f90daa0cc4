import type { CallEvent } from '../contract/call-events.ts';
import { asArgument } from './call-id.ts';
import type { Context } from './command.ts';
import { describeEvent } from './describe-event.ts';
import type { ExitName } from './exit-codes.ts';
import { followEvents } from './follow-events.ts';
import { untilInterrupted } from './interrupt.ts';

/** Prints what happens to a call until it has ended; `failed` unless it is answered. */
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
    () => `The call goes on: holdfast calls watch ${asArgument(callId)}`,
  );
  return last?.type === 'answered' ? 'ok' : 'failed';
}
