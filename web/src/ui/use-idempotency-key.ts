import { useRef } from 'preact/hooks';

/**
 * Returns a function that makes the Idempotency-Key for a form's request. The same values get the same key, so a second click
 * does nothing twice, even if the answer to the first was lost. Changed values get a new key.
 */
export function useIdempotencyKey(): (body: object) => string {
  const last = useRef({ body: '', key: '' });
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current.body !== text) last.current = { body: text, key: randomKey() };
    return last.current.key;
  };
}

/**
 * Returns 128 random bits in hex. It does not use `crypto.randomUUID`, which browsers do not offer on pages that came over
 * plain HTTP.
 */
export function randomKey(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
