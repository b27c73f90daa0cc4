/** A frame of a call stack in a CPU profile. This file finds out which part of a node a sample belongs to. */
export interface Frame {
  readonly functionName: string;
  readonly url: string;
}

/** The owners in the order of the chart's legend. */
export const owners = [
  'Holdfast',
  'Express, zod, logs',
  'HTTP to the agent',
  'Temporal SDK',
  'messages between the threads',
  'Node',
  'entries into the sandbox',
  'hook on every promise',
  'garbage collection',
] as const;

export type Owner = (typeof owners)[number];

const packages: readonly (readonly [RegExp, Owner])[] = [
  [/\/node_modules\/(@temporalio|rxjs|protobufjs|@protobufjs|long|source-map|nexus-rpc)\//, 'Temporal SDK'],
  [/\/node_modules\/undici\//, 'HTTP to the agent'],
  [/\/node_modules\//, 'Express, zod, logs'],
  [/^evalmachine/, 'Temporal SDK'],
  [/\/dist\//, 'Holdfast'],
];

/**
 * Returns the owner of a sample; undefined for idle time. The SDK's workflow library is bundled with our workflows, so the
 * whole bundle counts as Holdfast.
 */
export function ownerOf(frame: Frame, callers: readonly Frame[]): Owner | undefined {
  const stack = [frame, ...callers];
  if (frame.functionName === '(idle)' || frame.functionName === '(root)') return undefined;
  if (frame.functionName === '(garbage collector)') return 'garbage collection';
  if (stack.some(({ url }) => url === 'node:internal/promise_hooks')) return 'hook on every promise';
  if (frame.functionName === 'runInContext' && frame.url === '') return 'entries into the sandbox';
  if (frame.functionName === 'postMessage' && frame.url === '') return 'messages between the threads';
  // A function of the engine, e.g. of JSON or regular expressions, belongs to its caller.
  const nearest = stack.find(({ url }) => url !== '');
  return packages.find(([pattern]) => pattern.test(nearest?.url ?? ''))?.[1] ?? 'Node';
}
