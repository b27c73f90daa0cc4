import { expect, it } from 'vitest';
import { filterWords } from '../../web/src/batches/filter-words.ts';
import { when } from '../../web/src/format.ts';

it('a filter is written in words, with times in the format of the desk', () => {
  const since = '2021-03-04T05:06:07.000Z';
  const filter = { status: 'failed', error_type: 'bad_luck', user: '2021-03-04', since, until: null };
  expect(filterWords(filter)).toBe(
    `status failed, error type bad_luck, user 2021-03-04, since ${when(since)}`,
  );
  expect(filterWords({ since: 'yesterday' })).toBe('since yesterday');
  expect(filterWords({})).toBe('all');
});
