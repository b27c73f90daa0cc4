import { describe, expect, it } from 'vitest';
import { callSpanId, trySpanId } from '../../src/domain/span-ids.ts';
import { partsOf, traceContextOf, traceIn, withSpan } from '../../src/domain/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${parentId}-01`;

describe('reading the headers of a request', () => {
  it('takes a valid traceparent with its tracestate', () => {
    expect(traceContextOf({ traceparent, tracestate: 'crm=1,other=2' })).toEqual({
      traceparent,
      tracestate: 'crm=1,other=2',
    });
    expect(traceContextOf({ traceparent })).toEqual({ traceparent });
  });

  it.each([
    [undefined],
    [''],
    ['not one'],
    [`00-${traceId}-${parentId}`],
    [`00-${traceId}-${parentId}-01-more`],
    [`00-${'0'.repeat(32)}-${parentId}-01`],
    [`00-${traceId}-${'0'.repeat(16)}-01`],
    [`ff-${traceId}-${parentId}-01`],
    [`00-${traceId.toUpperCase()}-${parentId}-01`],
    [`${traceparent}\n`],
    [` ${traceparent}`],
  ])('takes no trace from %j', (given) => {
    expect(traceContextOf({ traceparent: given, tracestate: 'crm=1' })).toBeUndefined();
  });

  it('reads what it knows of a later version, and passes that on as version 00', () => {
    for (const later of [`01-${traceId}-${parentId}-01-more`, `01-${traceId}-${parentId}-01`])
      expect(traceContextOf({ traceparent: later })).toEqual({ traceparent });
  });

  it('leaves out a tracestate that is too long or that no header can carry, and keeps the trace', () => {
    for (const tracestate of ['', 'a'.repeat(513), 'a=é', 'a=1\r\nx: y'])
      expect(traceContextOf({ traceparent, tracestate })).toEqual({ traceparent });
    const longest = 'a'.repeat(512);
    expect(traceContextOf({ traceparent, tracestate: longest })).toEqual({
      traceparent,
      tracestate: longest,
    });
  });
});

it('another span of the trace keeps the trace, its flags and its state', () => {
  const context = { traceparent, tracestate: 'crm=1' };
  expect(withSpan(context, '1'.repeat(16))).toEqual({
    traceparent: `00-${traceId}-${'1'.repeat(16)}-01`,
    tracestate: 'crm=1',
  });
  expect(partsOf(context)).toEqual({ traceId, spanId: parentId, flags: '01' });
  expect(partsOf({ traceparent: '' })).toEqual({ traceId: '', spanId: '', flags: '' });
});

it('of an input only its trace context is taken', () => {
  const input = { callId: 'one', traceparent };
  expect(traceIn(input)).toEqual({ traceparent });
  expect(traceIn({ ...input, tracestate: 'crm=1' })).toEqual({ traceparent, tracestate: 'crm=1' });
  expect(traceIn({ tracestate: 'crm=1' })).toBeUndefined();
});

it('the ids of spans are the same in every process, and differ by run, agent and try', () => {
  const ids = [
    callSpanId('run'),
    callSpanId('other'),
    trySpanId('run', 'writer', 1),
    trySpanId('run', 'writer', 2),
    trySpanId('run', 'helper', 1),
    trySpanId('other', 'writer', 1),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[\da-f]{16}$/);
  // Another value would tear the traces of calls that a worker of the version before has begun.
  expect(callSpanId('run')).toBe('3bbb55ca8442a393');
  expect(trySpanId('run', 'writer', 1)).toBe('5dfe2c983cb1732a');
});
