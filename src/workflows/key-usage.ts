/** The entity that adds up what API keys and projects use. Facades report to it (services/keys/usage.ts). */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { UsageBook, type UsageState } from '../domain/usage-book.ts';
import { reportUsageUpdate, usageQuery } from './messages.ts';

export async function keyUsage(initial: UsageState): Promise<void> {
  const book = new UsageBook(initial);
  setHandler(reportUsageUpdate, (report) => book.report(report, Date.now()));
  setHandler(usageQuery, (node, minute) => book.summary(node, minute, Date.now()));
  await condition(() => workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await continueAsNew<typeof keyUsage>(book.state());
}
