import type { ProductSettings } from './product.ts';

/** Returns the environment variables that every process of the product gets. It inherits no others from this process. */
export function surroundings({ marker }: Pick<ProductSettings, 'marker'>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, CHAOS_MARKER: marker };
}

/** Returns the settings that every Holdfast process gets. */
export function holdfastSettings(settings: ProductSettings, storeFolder: string): Record<string, string> {
  return {
    ...surroundings(settings),
    HOLDFAST_API_KEYS: settings.apiKey,
    HOLDFAST_ENCRYPTION_KEY: settings.encryptionKey,
    HOLDFAST_DRAIN_SECONDS: '5',
    HOLDFAST_PAYLOAD_STORE: storeFolder,
    HOLDFAST_INLINE_BYTES: '2048',
    // Otherwise no run would be long enough for a session to look by itself at the holder of its turn.
    HOLDFAST_SESSION_LOOK_SECONDS: '60',
    // Large enough that no window is cut by its bytes: the checks expect windows that are limited by the number of turns alone.
    HOLDFAST_WINDOW_BYTES: String(64 * 1024 * 1024),
  };
}
