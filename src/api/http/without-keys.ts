/** A key, wherever it begins, with any of its letters percent-encoded. */
const keyInUrl = /(?:h|%68)(?:f|%66)(?:_|%5f)[\w%]+/gi;

/** Masks API keys in a URL or a part of it, for logs and spans: somebody may have pasted a key in place of its id (I5). */
export function withoutKeys(url: string): string {
  return url.replaceAll(keyInUrl, 'hf_...');
}
