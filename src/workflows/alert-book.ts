/** The entity that holds the cluster's alerts. It runs once something was reported (services/alerts/alerts.ts). */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  AlertBook,
  type AlertState,
  type NewSilence,
  type RefusedAlertChange,
} from '../domain/alert-book.ts';
import {
  acknowledgeAlertUpdate,
  alertChangesQuery,
  readAlertsQuery,
  reportAlertsUpdate,
  silenceAlertsUpdate,
  unsilenceAlertsUpdate,
  type AlertAcknowledgement,
} from './messages.ts';

export async function alertBook(initial: AlertState): Promise<void> {
  const book = new AlertBook(initial);
  setHandler(reportAlertsUpdate, (report) => {
    book.report(report, Date.now());
    return null;
  });
  setHandler(acknowledgeAlertUpdate, ({ id, by, note }) => book.acknowledge(id, by, note, Date.now()), {
    validator: ({ id, project }: AlertAcknowledgement) => refuse(book.refusalOfAlert(id, project)),
  });
  setHandler(silenceAlertsUpdate, (wish) => book.silence(wish, Date.now()), {
    validator: (wish: NewSilence) => refuse(book.refusalOfNewSilence(wish, Date.now())),
  });
  setHandler(unsilenceAlertsUpdate, (id) => book.unsilence(id, Date.now()), {
    validator: (id: string, project: string) => refuse(book.refusalOfSilence(id, project)),
  });
  setHandler(readAlertsQuery, () => ({ ...book.state(), changes: [] }));
  setHandler(alertChangesQuery, (told) => {
    const series = workflowInfo().firstExecutionRunId;
    const { sequence } = book.state();
    return { series, sequence, changes: book.changesAfter(told?.series === series ? told.sequence : 0) };
  });
  await condition(() => workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await continueAsNew<typeof alertBook>(book.state());
}

function refuse(refused: RefusedAlertChange | undefined): void {
  if (refused) throw ApplicationFailure.nonRetryable(refused.detail, refused.type);
}
