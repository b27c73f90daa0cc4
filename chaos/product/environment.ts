import type { ProductSettings } from './product.ts';

/** The variables that every process of the product has; it inherits no others from this one. */
export function surroundings({ marker }: Pick<ProductSettings, 'marker'>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, CHAOS_MARKER: marker };
}

/** What every process of Holdfast is set to. */
export function holdfastSettings(settings: ProductSettings, storeFolder: string): Record<string, string> {
  return {
    ...surroundings(settings),
    HOLDFAST_API_KEYS: settings.apiKey,
    HOLDFAST_ENCRYPTION_KEY: settings.encryptionKey,
    HOLDFAST_DRAIN_SECONDS: '5',
    HOLDFAST_PAYLOAD_STORE: storeFolder,
    HOLDFAST_INLINE_BYTES: '2048',
    // Large texts leave the windows whole: what they must hold is judged by the number of turns alone.
    HOLDFAST_WINDOW_BYTES: String(64 * 1024 * 1024),
  };
}
