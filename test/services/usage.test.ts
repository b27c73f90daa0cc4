/** What facades count of limits, with a workflow that is an object of this test. test/api/limits.test.ts has the real one. */
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/domain/failures.ts';
import { emptyUsage, UsageBook, type UsageReport } from '../../src/domain/usage-book.ts';
import { Usage, type Subject } from '../../src/services/keys/usage.ts';
import { reportUsageUpdate } from '../../src/workflows/messages.ts';
import { temporalUnavailable, type Temporal } from '../../src/services/temporal/rpc.ts';

const day = 86_400_000;

function cluster({ facades = 1 } = {}) {
  const book = new UsageBook(emptyUsage);
  const clock = { now: day + 1 };
  const handle = {
    executeUpdate: (update: unknown, { args: [report] }: { args: [UsageReport] }) => {
      expect(update).toBe(reportUsageUpdate);
      return Promise.resolve(book.report(report, clock.now));
    },
    query: (_query: unknown, node: string, minute: number) =>
      Promise.resolve(book.summary(node, minute, clock.now)),
  };
  const server = { isAway: false };
  const client = {
    withDeadline: (_deadline: number, call: () => unknown) => call(),
    workflow: {
      getHandle: () => {
        if (server.isAway) throw temporalUnavailable('away');
        return handle;
      },
    },
  };
  const temporal = { client, namespace: 'default', taskQueue: 'holdfast' } as unknown as Temporal;
  const facade = () =>
    new Usage(temporal, { facades: () => facades, hasLimits: () => true, now: () => clock.now });
  return { clock, facade, server };
}

const limitedTo = (callsPerDay: number): Subject[] => [
  { id: 'key:k', name: 'the key', limits: { callsPerDay } },
];

/** Whether a call is accepted; how it is refused otherwise. */
function tried(usage: Usage, subjects: Subject[]): true | Refusal {
  try {
    usage.payer(subjects).charge();
    return true;
  } catch (error) {
    return error as Refusal;
  }
}

describe('a call that is given back', () => {
  it('is not used, whether or not it was reported before', async () => {
    const usage = cluster().facade();
    const subjects = limitedTo(5);
    for (let round = 0; round < 20; round++) {
      const charge = usage.payer(subjects).charge();
      if (round % 2 === 0) await usage.sync();
      charge.giveBack();
      if (round % 3 === 0) await usage.sync();
    }
    for (let call = 0; call < 5; call++) expect(tried(usage, subjects)).toBe(true);
    expect(tried(usage, subjects)).toBeInstanceOf(Refusal);
  });

  it('is not used on other facades either', async () => {
    const { facade } = cluster();
    const [one, other] = [facade(), facade()];
    const charges = Array.from({ length: 5 }, () => one.payer(limitedTo(5)).charge());
    await one.sync();
    await other.sync();
    expect(tried(other, limitedTo(5))).toBeInstanceOf(Refusal);
    for (const charge of charges) charge.giveBack();
    await one.sync();
    await other.sync();
    expect(tried(other, limitedTo(5))).toBe(true);
  });

  it('is of the day on which it was charged', async () => {
    const { facade, clock } = cluster();
    const usage = facade();
    const charges = Array.from({ length: 5 }, () => usage.payer(limitedTo(5)).charge());
    await usage.sync();
    clock.now += day;
    for (const charge of charges) charge.giveBack();
    const accepted = Array.from({ length: 10 }, () => tried(usage, limitedTo(5))).filter(
      (one) => one === true,
    );
    expect(accepted).toHaveLength(5);
  });
});

it('what was not reported before midnight does not count for the next day', async () => {
  const { facade, clock } = cluster();
  const usage = facade();
  for (let call = 0; call < 5; call++) usage.payer(limitedTo(5)).charge();
  clock.now += day;
  await usage.sync();
  expect(tried(usage, limitedTo(5))).toBe(true);
});

it('a facade that has used its share asks for a try soon, and says what is left', async () => {
  const { facade } = cluster({ facades: 2 });
  const usage = facade();
  const refused = Array.from({ length: 10 }, () => tried(usage, limitedTo(10))).find((one) => one !== true);
  expect(refused).toMatchObject({ type: 'limit_reached', retryAfterSeconds: 3, limit: { remaining: 6 } });
  await usage.sync();
  expect(tried(usage, limitedTo(10))).toBe(true);
});

it('a facade that stops tells what came after a report that got no answer, too', async () => {
  const { facade, server } = cluster();
  const [stopping, other] = [facade(), facade()];
  stopping.payer(limitedTo(3)).charge();
  server.isAway = true;
  await expect(stopping.sync()).rejects.toThrow('Temporal');
  for (let call = 0; call < 2; call++) stopping.payer(limitedTo(3)).charge();
  server.isAway = false;
  await stopping.flush();
  await other.sync();
  expect(tried(other, limitedTo(3))).toBeInstanceOf(Refusal);
});

it('a report that is sent again after midnight is of the day before', async () => {
  const { facade, server, clock } = cluster();
  const usage = facade();
  for (let call = 0; call < 3; call++) usage.payer(limitedTo(3)).charge();
  server.isAway = true;
  await expect(usage.sync()).rejects.toThrow('Temporal');
  server.isAway = false;
  clock.now += day;
  await usage.sync();
  expect(tried(usage, limitedTo(3))).toBe(true);
});

it('a prompt is measured, whether or not anything is charged', () => {
  const payer = cluster()
    .facade()
    .payer([{ id: 'key:k', name: 'the key', limits: { promptBytes: 10 } }]);
  payer.requirePrompt(10);
  expect(() => payer.requirePrompt(11)).toThrow('at most 10 bytes');
});
