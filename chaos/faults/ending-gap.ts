/**
 * The death of everything between the end of a call and the moment at which its session takes the ending over. A facade tells
 * the session after 3 s of quiet or with the next request for a turn, so within milliseconds after the end nobody has. Then the
 * session must find out by itself, whoever asks first, or if nobody does.
 */
import { Client, Connection } from '@temporalio/client';
import { callWorkflowId } from '../../src/domain/ids.ts';
import { callIdOf, type CallRequest } from '../load/call-request.ts';
import { newCallRequest } from '../load/new-call-request.ts';
import { readBack } from '../load/read-back.ts';
import { pause, until } from '../pause.ts';
import { everyFacade, type Fault, type FaultStage } from './fault.ts';

const sessionsAtOnce = 4;
/** The fault does not wait longer than this for the calls to end. */
const endWithinMs = 20_000;
/** A facade must answer again within this time after the fault, also on a cluster whose servers have ended. */
const backWithinMs = 120_000;
/** The longest time from the end that is awaited to the kill. */
const longestDelayMs = 25;

/** A call in a session of its own. */
interface Talk {
  readonly request: CallRequest;
  /** Whether the world knows that the call has ended: a client has its answer, or Temporal its close event. */
  hasEnded: boolean;
}

const endingGap: Fault = async (stage) => {
  const { product, random } = stage;
  const seen = random.pick(['the answer', 'the close event'] as const);
  const connection = await Connection.connect({ address: product.temporalAddress });
  const temporal = new Client({ connection });
  const talks = Array.from({ length: sessionsAtOnce }, () => newTalk(stage));
  const sent = talks.map((talk) =>
    seen === 'the answer' ? untilAnswered(stage, talk) : untilClosed(stage, talk, temporal),
  );
  const count = random.whole(1, talks.length);
  const known = (): Talk[] => talks.filter(({ hasEnded }) => hasEnded);
  await until(() => known().length >= count, endWithinMs, 1);
  const afterMs = random.whole(0, longestDelayMs);
  await pause(afterMs);
  const mustBeThere = new Set(known());
  const whole = random.chance(0.5);
  const killed = await (whole ? product.killAll() : product.killHoldfast());
  const at = Date.now();
  const settled = Promise.all(sent)
    .then(() =>
      Promise.all(
        talks.map((talk) =>
          goOn({ ...stage, random: random.fork('talk') }, talk.request, mustBeThere.has(talk)),
        ),
      ),
    )
    .finally(() => connection.close());
  return {
    what: `${killed}, ${afterMs} ms after ${seen} of ${mustBeThere.size} of ${talks.length} calls`,
    at,
    touched: everyFacade(product),
    endedServers: whole,
    moments: [at],
    settled,
  };
};

function newTalk(stage: FaultStage): Talk {
  const { random, sessions } = stage;
  const agent = random.pick(['echo', 'echo', 'wordy']);
  return {
    request: newCallRequest(stage, 'ending-gap', { agent, session: sessions.fresh('gap') }),
    hasEnded: false,
  };
}

async function untilAnswered({ api, calls, random }: FaultStage, talk: Talk): Promise<void> {
  await calls.send(talk.request, { facade: random.pick(api.facades), wait: true });
  talk.hasEnded = talk.request.endings.length > 0;
}

async function untilClosed({ api, calls, random }: FaultStage, talk: Talk, temporal: Client): Promise<void> {
  await calls.send(talk.request, { facade: random.pick(api.facades) });
  const callId = callIdOf(talk.request);
  if (callId === undefined) return;
  try {
    await temporal.withDeadline(Date.now() + endWithinMs, () =>
      temporal.workflow.getHandle(callWorkflowId(callId)).result(),
    );
    talk.hasEnded = true;
  } catch {
    // The call had not ended when the server died.
  }
}

/** Does what somebody may do next with the session: read it, send another call in it, or nothing. */
async function goOn(stage: FaultStage, request: CallRequest, mustBeThere: boolean): Promise<void> {
  const { api, calls, random } = stage;
  const { session_id: session } = request.body;
  const next = random.pick(['read', 'call', 'nothing'] as const);
  if (next === 'read' && mustBeThere)
    await until(() => readBack(stage, request, random.pick(api.facades)), backWithinMs, 50);
  if (next === 'call') {
    const another = newCallRequest(stage, 'ending-gap', { agent: 'echo', session });
    await calls.send(another, { facade: random.pick(api.facades), wait: true });
    await calls.retryUntilClear(another, random, backWithinMs);
  }
  if (!mustBeThere && random.chance(0.4)) request.abandoned = true;
  else await calls.retryUntilClear(request, random, backWithinMs);
}

export const endingGaps = { 'ending-gap': endingGap };
