/** What a node tells the others of itself. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { sizeAsJson } from './json-bytes.ts';

/** It is sent as the identity of a poller, which Temporal limits to this. */
const maxBytes = 1_000;

/** By name, where they are not the default; a hash of them where they are too long for a card. */
const someSettings = z.union([
  z.record(z.string(), z.union([z.string(), z.number()])).readonly(),
  z.string(),
]);

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
    settings: someSettings,
    /** Those that only facades use; absent of a worker. */
    facadeSettings: someSettings.optional(),
    /** Its last word. */
    left: z.literal(true).optional(),
  })
  .readonly();

export type NodeCard = z.infer<typeof nodeCard>;
type Settings = z.infer<typeof someSettings>;

export function writeCard(card: NodeCard): string {
  const fits = sizeAsJson(card) <= maxBytes;
  const { settings, facadeSettings } = card;
  return JSON.stringify(
    fits
      ? card
      : {
          ...card,
          settings: hashOf(settings),
          facadeSettings: facadeSettings === undefined ? undefined : hashOf(facadeSettings),
        },
  );
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
  /** `encryption_key`, `payload_store`, `generation`, the name of a setting, or, where only hashes are known, `settings` or `facade_settings`. */
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
    ...settingsThatDiffer('settings', here.settings, there.settings),
    ...settingsThatDiffer('facade_settings', here.facadeSettings, there.facadeSettings),
  ];
}

function settingsThatDiffer(
  group: string,
  here: Settings | undefined,
  there: Settings | undefined,
): Difference[] {
  if (here === undefined || there === undefined) return [];
  if (typeof here === 'string' || typeof there === 'string') {
    const hashes = { what: group, here: hashOf(here), there: hashOf(there) };
    return hashes.here === hashes.there ? [] : [hashes];
  }
  const names = [...new Set([...Object.keys(here), ...Object.keys(there)])].sort();
  return names.flatMap((what) => {
    const pair = { what, here: here[what] ?? 'default', there: there[what] ?? 'default' };
    return pair.here === pair.there ? [] : [pair];
  });
}

function hashOf(settings: Settings): string {
  if (typeof settings === 'string') return settings;
  const entries = Object.entries(settings).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 12);
}
