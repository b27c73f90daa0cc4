import { useRef } from 'preact/hooks';

/**
 * The Idempotency-Key of a form's request. A second click with the same values sends the same key, so it does nothing
 * twice even if the answer to the first was lost; changed values get a new key.
 */
export function useIdempotencyKey(): (body: object) => string {
  const last = useRef({ body: '', key: '' });
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current.body !== text) last.current = { body: text, key: randomKey() };
    return last.current.key;
  };
}

/** 128 random bits in hex. `crypto.randomUUID` is missing where the page came over plain HTTP. */
function randomKey(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
