/** Whose code a sample of a CPU profile ran. */
export interface Frame {
  readonly functionName: string;
  readonly url: string;
}

/** In the order of the legend. */
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

/** The SDK's workflow library is bundled with our workflows; what the whole bundle runs is called ours. */
export function ownerOf(frame: Frame, callers: readonly Frame[]): Owner | undefined {
  const stack = [frame, ...callers];
  if (frame.functionName === '(idle)' || frame.functionName === '(root)') return undefined;
  if (frame.functionName === '(garbage collector)') return 'garbage collection';
  if (stack.some(({ url }) => url === 'node:internal/promise_hooks')) return 'hook on every promise';
  if (frame.functionName === 'runInContext' && frame.url === '') return 'entries into the sandbox';
  if (frame.functionName === 'postMessage' && frame.url === '') return 'messages between the threads';
  // A function of the engine, as of JSON or of regular expressions, works for whoever called it.
  const nearest = stack.find(({ url }) => url !== '');
  return packages.find(([pattern]) => pattern.test(nearest?.url ?? ''))?.[1] ?? 'Node';
}
