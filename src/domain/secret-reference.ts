/**
 * References to secrets, which stand in for an agent's token: `env:NAME` is an environment variable, `file:NAME` a file, both
 * of the process that asks the agent. Whoever registers agents could otherwise have any secret of a node sent to a host of
 * their own, so a reference names only what is meant for agents.
 */

/** What the names of such variables begin with. */
export const secretPrefix = 'HOLDFAST_SECRET_';

export interface SecretReference {
  readonly kind: 'env' | 'file';
  readonly name: string;
}

/** What a reference looks like, for error texts. */
export const referenceTakes = `a reference is env:NAME, whose NAME begins with ${secretPrefix}, or file:NAME, a file of HOLDFAST_SECRETS_DIR`;

const names = {
  env: new RegExp(`^${secretPrefix}[A-Za-z0-9_]{1,200}$`),
  file: /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$/,
} as const;

/** Whether the text is meant as a reference, valid or not. */
export function looksLikeReference(text: string): boolean {
  return /^(env|file):/i.test(text);
}

/** Returns the reference; undefined if the text is none, or names what no reference may name. */
export function parseReference(text: string): SecretReference | undefined {
  const [kind = '', name = ''] = text.split(/:(.*)/s, 2);
  if ((kind !== 'env' && kind !== 'file') || !names[kind].test(name)) return undefined;
  return { kind, name };
}
