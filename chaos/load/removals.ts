/** Removing sessions, each removal on record: what it may have taken, the judge must know. */
import type { Removal } from './journal.ts';
import type { Stage } from './stage.ts';

/** A removal that nobody heard of may go on for so long. */
const unheardMs = 60_000;

/** `DELETE`. True once it was answered: nothing of before is left. */
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

/** Every session that nobody uses at that moment, however young. */
export async function cleanUpNow(stage: Pick<Stage, 'api' | 'journal'>, facade: string): Promise<boolean> {
  const removal = stage.journal.removal({ withCalls: false });
  const answer = await stage.api.send(facade, 'POST', '/api/vps/sessions/cleanup?max_age_hours=0');
  return over(stage, removal, answer?.status === 200);
}

function over({ journal }: Pick<Stage, 'journal'>, removal: Removal, done: boolean): boolean {
  journal.removed(removal, done, Date.now() + (done ? 0 : unheardMs));
  return done;
}
