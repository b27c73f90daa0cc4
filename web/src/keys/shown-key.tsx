import { signal } from '@preact/signals';
import type { ShownKey as NewKey } from '../../../src/contract/keys.ts';
import { signInWith } from '../access/sign-in-with.ts';
import { who } from '../access/who.ts';
import { asProblem } from '../http.ts';
import { ShownOnce } from '../ui/shown-once.tsx';

interface Shown {
  readonly key: NewKey;
  /** What happened to the sign-in of the user, if anything. */
  readonly note: string;
}
/** Only in memory, and only until the dialog is closed. */
const shown = signal<Shown | undefined>(undefined);

/**
 * Shows the text of a new key, once. If the user's own access ends with it (the first key closes an open node, a rotation
 * replaces the key that they signed in with), signs them in with it.
 */
export async function showKey(key: NewKey): Promise<void> {
  shown.value = { key, note: '' };
  if (who.value?.how !== 'open' && who.value?.key_id !== key.id) return;
  try {
    await signInWith(key.key);
    shown.value = { key, note: 'You are signed in with it now.' };
  } catch (error) {
    shown.value = { key, note: `Sign in with it. Signing you in failed: ${asProblem(error).message}` };
  }
}

/** The dialog of `showKey`. The desk renders it once, so that it stays when a page ends. */
export function ShownKey() {
  if (!shown.value) return null;
  const { key, note } = shown.value;
  const close = (): void => {
    shown.value = undefined;
  };
  return (
    <ShownOnce
      title={`The key ${key.name}`}
      text={key.key}
      about="the key"
      warning="Holdfast keeps only a hash of it. Whoever has lost it needs a new secret (Rotate) or another key."
      note={note}
      onClose={close}
    />
  );
}
