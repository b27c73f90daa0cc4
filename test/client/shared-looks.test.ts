/** Who shares a look: nobody is told what was looked at before they asked. */
import { expect, it } from 'vitest';
import { SharedLooks } from '../../src/client/shared-looks.ts';

/** Looks that end when they are told to, each with its number. */
function scripted() {
  const ends: { answer(): void; fail(): void }[] = [];
  const look = () =>
    new Promise<number>((resolve, reject) => {
      const number = ends.length;
      ends.push({ answer: () => resolve(number), fail: () => reject(new Error(`look ${number} failed`)) });
    });
  return { ends, look };
}

it('those who ask while a look is under way share the next one, which begins after they asked', async () => {
  const { ends, look } = scripted();
  const looks = new SharedLooks<number>();
  const first = looks.share('a', look);
  const others = [looks.share('a', look), looks.share('a', look)];
  expect(ends).toHaveLength(1);

  ends[0]?.answer();
  expect(await first).toBe(0);
  await expect.poll(() => ends.length).toBe(2);
  const late = looks.share('a', look);
  ends[1]?.answer();
  expect(await Promise.all(others)).toEqual([1, 1]);
  await expect.poll(() => ends.length).toBe(3);
  ends[2]?.answer();
  expect(await late).toBe(2);
});

it('looks at different things do not wait for each other', async () => {
  const { ends, look } = scripted();
  const looks = new SharedLooks<number>();
  const both = [looks.share('a', look), looks.share('b', look)];
  for (const end of ends) end.answer();
  expect(await Promise.all(both)).toEqual([0, 1]);
});

it('a look that fails, fails for those who wait too, and whoever comes then looks anew', async () => {
  const { ends, look } = scripted();
  const looks = new SharedLooks<number>();
  const both = Promise.allSettled([looks.share('a', look), looks.share('a', look)]);
  ends[0]?.fail();
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(ends).toHaveLength(1);

  const next = looks.share('a', look);
  ends[1]?.answer();
  expect(await next).toBe(1);
});
