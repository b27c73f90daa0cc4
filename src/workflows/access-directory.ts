/** The entity that holds the projects and API keys of the cluster. Facades read it each second (services/keys/access.ts). */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  makeContinueAsNewFunc,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import {
  AccessBook,
  type AccessLimits,
  type AccessState,
  type Actor,
  type NewKey,
  type Refused,
} from '../domain/access-book.ts';
import type { Limits } from '../domain/limits.ts';
import {
  closeProjectUpdate,
  createKeyUpdate,
  createProjectUpdate,
  limitKeyUpdate,
  limitProjectUpdate,
  readAccessQuery,
  revokeKeyUpdate,
  rotateKeyUpdate,
  type NewSecret,
} from './messages.ts';

/** After how many events it continues as new: some hundred changes of keys. */
const renewAtEvents = 500;

export async function accessDirectory(initial: AccessState, limits: AccessLimits): Promise<void> {
  const book = new AccessBook(initial, limits);
  const now = (): number => Date.now();

  /** Facades must learn the facts of the memo although no worker may answer them. */
  const changed = <T>(what: T): T => {
    upsertMemo({ ...book.memo() });
    return what;
  };

  setHandler(createKeyUpdate, (key) => changed(book.create(key, now())), {
    validator: (key: NewKey, by: Actor) => refuse(book.refusalOfCreation(key, by, now())),
  });
  setHandler(
    rotateKeyUpdate,
    ({ id, digest, overlapMs }) => changed(book.rotate(id, digest, now() + overlapMs, now())),
    {
      validator: ({ id }: NewSecret, by: Actor) => refuse(book.refusalOfChange(id, by, now())),
    },
  );
  setHandler(revokeKeyUpdate, (id) => changed(book.revoke(id, now())), {
    validator: (id: string, by: Actor) => refuse(book.refusalOfRevocation(id, by, now())),
  });
  setHandler(createProjectUpdate, (name) => changed(book.createProject(name, now())), {
    validator: (name: string, by: Actor) => refuse(book.refusalOfProject(name, by, now())),
  });
  setHandler(closeProjectUpdate, (name) => changed(book.closeProject(name, now())), {
    validator: (name: string, by: Actor) => refuse(book.refusalOfClosing(name, by, now())),
  });
  setHandler(limitKeyUpdate, (id, wanted) => changed(book.limitKey(id, wanted)), {
    validator: (id: string, _wanted: Limits, by: Actor) => refuse(book.refusalOfChange(id, by, now())),
  });
  setHandler(limitProjectUpdate, (name, wanted) => changed(book.limitProject(name, wanted)), {
    validator: (name: string, _wanted: Limits, by: Actor) =>
      refuse(book.refusalOfProjectLimits(name, by, now())),
  });
  setHandler(readAccessQuery, () => book.state());

  // A refused update leaves a task without an event. That is no matter here: nothing but the continue-as-new depends on it.
  await condition(() => workflowInfo().historyLength >= renewAtEvents);
  await condition(allHandlersFinished);
  // Without a memo here the next run would get that with which the first one was started.
  const memo = { ...book.memo() };
  await makeContinueAsNewFunc<typeof accessDirectory>({ memo })(book.state(), limits);
}

function refuse(refused: Refused | undefined): void {
  if (refused) throw ApplicationFailure.nonRetryable(refused.detail, refused.type);
}
