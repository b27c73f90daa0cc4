/** Removes sessions and records each removal, since the checks must know what it may have removed. */
import type { Removal } from './journal.ts';
import type { Stage } from './stage.ts';

/** Within this time a removal may still take effect if its answer does not prove that it has. */
const maxUnansweredMs = 60_000;

/** Deletes a session. Returns true if the answer proves that it is done (204, 404), so that nothing of the session from before it may be left. */
export async function removeSession(
  stage: Pick<Stage, 'api' | 'journal'>,
  facade: string,
  sessionId: string,
  withCalls: boolean,
): Promise<boolean> {
  const removal = stage.journal.removal({ sessionId, withCalls });
  const path = `/api/vps/sessions/${sessionId}${withCalls ? '?calls=true' : ''}`;
  const answer = await stage.api.send(facade, 'DELETE', path);
  return over(stage, removal, answer?.status === 204 || answer?.status === 404);
}

/** Removes every session that is not in use at the moment, whatever its age. Returns true if the answer is 200. */
export async function cleanUpNow(stage: Pick<Stage, 'api' | 'journal'>, facade: string): Promise<boolean> {
  const removal = stage.journal.removal({ withCalls: false });
  const answer = await stage.api.send(facade, 'POST', '/api/vps/sessions/cleanup?max_age_hours=0');
  return over(stage, removal, answer?.status === 200);
}

/** Whether the removal may remove this session: a cleanup may remove any. */
export function touches({ sessionId }: Removal, id: string): boolean {
  return sessionId === undefined || sessionId === id;
}

function over({ journal }: Pick<Stage, 'journal'>, removal: Removal, done: boolean): boolean {
  journal.removed(removal, done, Date.now() + (done ? 0 : maxUnansweredMs));
  return done;
}
