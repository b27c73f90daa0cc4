/** A node's card: what a node publishes about itself to the other nodes of its cluster. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { sizeAsJson } from './json-bytes.ts';

/** The most bytes of a card as JSON. A card is published as the identity of a poller, which Temporal limits to 1,000 bytes. */
const maxBytes = 1_000;

/** The settings that differ from their defaults, by name; or a hash of them if they are too long for a card. */
const someSettings = z.union([
  z.record(z.string(), z.union([z.string(), z.number()])).readonly(),
  z.string(),
]);

/** The schema of a card. Unknown members, which a newer version may add, are ignored. */
const nodeCard = z
  .object({
    /** Identifies the process; a restarted node has a new id. */
    id: z.string(),
    /**
     * Grows with each change of the card. The newest card cannot be recognised by the time of its poll: the poll with an older
     * card may end later than that with a newer one.
     */
    revision: z.number(),
    role: z.enum(['facade', 'worker', 'facade_and_worker']),
    version: z.string(),
    generation: z.number(),
    buildId: z.string().optional(),
    keyFingerprint: z.string(),
    /** Absent while the payload store cannot be reached. */
    storeId: z.string().optional(),
    /** Absent while the node starts, and for a worker without a port. */
    address: z.string().optional(),
    host: z.string(),
    pid: z.number(),
    /** Epoch ms. */
    startedAt: z.number(),
    settings: someSettings,
    /** Settings that only facades use; absent for a worker. */
    facadeSettings: someSettings.optional(),
    /** Set on the node's last card: the node has left the cluster. */
    left: z.literal(true).optional(),
  })
  .readonly();

/** A parsed card. */
export type NodeCard = z.infer<typeof nodeCard>;
type Settings = z.infer<typeof someSettings>;

/** Writes a card as JSON of at most 1,000 bytes. If its settings do not fit, they are replaced by hashes. */
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

/** Parses a card; undefined if the text is not one. */
export function readCard(text: string): NodeCard | undefined {
  try {
    return nodeCard.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Something that two nodes should have in common but do not. */
export interface Difference {
  /**
   * The name of what differs: `encryption_key`, `payload_store`, `generation` or a setting's name. It is `settings` or
   * `facade_settings` if only hashes are known.
   */
  readonly what: string;
  readonly here: string | number;
  readonly there: string | number;
}

/**
 * Returns what differs between two nodes of one cluster although it should not. Something that one of the nodes does not know
 * is not compared.
 */
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
