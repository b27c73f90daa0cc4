import { expect, test } from 'vitest';
import { csvLine } from '../../src/api/calls/csv.ts';

test('fields are quoted where RFC 4180 asks for it, and null is empty', () => {
  expect(csvLine(['plain', 'a,b', 'say "so"', 'two\nlines', null, 5, true])).toBe(
    'plain,"a,b","say ""so""","two\nlines",,5,true\r\n',
  );
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1', '＠SUM(A1)'])(
  '%j is no formula any more',
  (text) => {
    expect(csvLine([text])).toMatch(/^"?'/);
  },
);
