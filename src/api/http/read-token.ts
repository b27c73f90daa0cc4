import type { Request } from 'express';

const tokenForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Returns the sealed token of the cookie. Undefined if there is none, or several, or something else. */
export function readToken({ headers }: Request, cookie: string, maxLength: number): string | undefined {
  const values = (headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at >= 0 && pair.slice(0, at).trim() === cookie ? [pair.slice(at + 1).trim()] : [];
  });
  const [token = '', ...others] = values;
  const isToken = others.length === 0 && token.length <= maxLength && tokenForm.test(token);
  return isToken ? token : undefined;
}
