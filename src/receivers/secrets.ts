import { randomBytes } from 'node:crypto';

/** Standard Webhooks asks for 24 to 64 bytes. 32 are as many as the hash of the signature has. */
const secretBytes = 32;

/** Makes a new secret of a webhook in the form of Standard Webhooks: `whsec_` and base64. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`;
}
