/** The updates by which a session is changed without a call. */
import { setHandler } from '@temporalio/workflow';
import { SessionAppends } from '../domain/session-appends.ts';
import type { Append, SessionSettings, SessionState, SettingsChange } from '../domain/session.ts';
import { appendMessagesUpdate, configureSessionUpdate } from './messages.ts';
import { refused, type SessionRun } from './session-run.ts';
import type { TurnHolding } from './turn-holding.ts';

/** Handles the updates. Returns the appends, which the next run must know. */
export function handleChanges(run: SessionRun, holding: TurnHolding, initial: SessionState): SessionAppends {
  const { book } = run;
  const appends = new SessionAppends(book, initial);
  const append = (wish: Append) => {
    run.noteLength();
    const now = Date.now();
    for (const commit of wish.taken ?? []) void holding.sendTurn(book.commit(commit, now));
    return appends.append(wish, now);
  };
  setHandler(appendMessagesUpdate, append, {
    validator: (wish: Append) => {
      refuseChange(run, wish.life);
      const refusal = appends.refusal(wish);
      if (refusal) throw refused(refusal, book.holder);
    },
  });
  const configure = (change: SettingsChange): SessionSettings => {
    run.noteLength();
    return book.configure(change, Date.now());
  };
  setHandler(configureSessionUpdate, configure, {
    validator: (change: SettingsChange) => refuseChange(run, change.life),
  });
  return appends;
}

function refuseChange(run: SessionRun, life: string | undefined): void {
  run.refuseWhenClosed();
  if (run.isOfOtherLife(life)) throw refused('other_life');
}
