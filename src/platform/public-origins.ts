/** Parses `HOLDFAST_PUBLIC_ORIGIN`: origins separated by commas, normalised to the form that browsers send. */
import { z } from 'zod';

export const publicOrigins = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  )
  .pipe(
    z.array(
      z
        .string()
        .refine(isOrigin, 'takes origins like https://gateway.example.com, without a path')
        .transform((one) => new URL(one).origin),
    ),
  );

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(text);
  const rest = [search, hash, username, password].join('');
  return /^https?:$/.test(protocol) && pathname === '/' && rest === '';
}
