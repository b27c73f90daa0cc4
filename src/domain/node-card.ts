/** What a node tells the others of itself. */
import { z } from 'zod';
import { sizeAsJson } from './json-bytes.ts';

/** It is sent as the identity of a poller, which Temporal limits to this. */
const maxBytes = 1_000;

/** By name, where they are not the default. */
const someSettings = z.record(z.string(), z.union([z.string(), z.number()])).readonly();

/** Members that a card of another version has besides are passed over. */
const nodeCard = z
  .object({
    /** Of this process; another at its next start. */
    id: z.string(),
    /** Grows when the card changes: the poll of an older one may end later. */
    revision: z.number(),
    role: z.enum(['facade', 'worker', 'facade_and_worker']),
    version: z.string(),
    generation: z.number(),
    buildId: z.string().optional(),
    keyFingerprint: z.string(),
    /** Absent while the store is away. */
    storeId: z.string().optional(),
    /** Absent while it starts, and where a worker has no port. */
    address: z.string().optional(),
    host: z.string(),
    pid: z.number(),
    /** Epoch ms. */
    startedAt: z.number(),
    /** Absent where they found no room. */
    settings: someSettings.optional(),
    /** Those that only facades use. */
    facadeSettings: someSettings.optional(),
    /** Its last word. */
    left: z.literal(true).optional(),
  })
  .readonly();

export type NodeCard = z.infer<typeof nodeCard>;
type Settings = z.infer<typeof someSettings>;

export function writeCard(card: NodeCard): string {
  const fits = sizeAsJson(card) <= maxBytes;
  return JSON.stringify(fits ? card : { ...card, settings: undefined, facadeSettings: undefined });
}

/** Undefined: it is no card. */
export function readCard(text: string): NodeCard | undefined {
  try {
    return nodeCard.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export interface Difference {
  /** `encryption_key`, `payload_store`, `generation`, or the name of a setting. */
  readonly what: string;
  readonly here: string | number;
  readonly there: string | number;
}

/** In what two nodes of one cluster should not differ. */
export function differencesOf(here: NodeCard, there: NodeCard): Difference[] {
  const pairs: [string, string | number | undefined, string | number | undefined][] = [
    ['encryption_key', here.keyFingerprint, there.keyFingerprint],
    ['payload_store', here.storeId, there.storeId],
    ['generation', here.generation, there.generation],
  ];
  return [
    ...pairs.flatMap(([what, one, other]) =>
      one !== undefined && other !== undefined && one !== other ? [{ what, here: one, there: other }] : [],
    ),
    ...settingsThatDiffer(here.settings, there.settings),
    ...settingsThatDiffer(here.facadeSettings, there.facadeSettings),
  ];
}

function settingsThatDiffer(here: Settings | undefined, there: Settings | undefined): Difference[] {
  if (!here || !there) return [];
  const names = [...new Set([...Object.keys(here), ...Object.keys(there)])].sort();
  return names.flatMap((what) => {
    const pair = { what, here: here[what] ?? 'default', there: there[what] ?? 'default' };
    return pair.here === pair.there ? [] : [pair];
  });
}
