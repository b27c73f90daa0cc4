/** The settings of the command line. A node ignores them. */
import { z } from 'zod';
import { allProjects, projectName } from '../domain/project.ts';
import { StartupError } from './startup-error.ts';

const takes = 'takes a whole number from 1 to 3600';
const seconds = (fallback: number) =>
  z.coerce.number(takes).int(takes).min(1, takes).max(3_600, takes).default(fallback);

export const cliSettings = {
  HOLDFAST_URL: z
    .url({ protocol: /^https?$/, error: 'takes an http or https URL' })
    .default('http://127.0.0.1:18789')
    .describe('URL of the node that the command line uses.'),
  HOLDFAST_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'takes printable ASCII without spaces')
    .optional()
    .describe(
      "An API key: one that `holdfast keys create` has shown, or one of the node's HOLDFAST_API_KEYS.",
    ),
  HOLDFAST_PROJECT: z
    .string()
    .regex(projectName, 'takes the name of a project')
    .or(z.literal(allProjects))
    .optional()
    .describe(
      "The project that commands are about, for keys with the scope admin. Default: the key's project.",
    ),
  HOLDFAST_CLI_TIMEOUT_SECONDS: seconds(30).describe(
    'How long the command line waits for an answer of the node.',
  ),
  HOLDFAST_CLI_RECONNECT_SECONDS: seconds(60).describe(
    'How long the command line tries to reconnect when it loses the node while it watches.',
  ),
} as const;

/** The settings of the command line, parsed. */
export interface CliSettings {
  /** The node's URL, without a trailing slash. */
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly project: string | undefined;
  readonly timeoutMs: number;
  readonly reconnectMs: number;
}

/**
 * Parses the settings of the command line. `url` and `project` are the values of `--url` and `--project`, if given. Throws `StartupError` that names each wrong
 * setting and the values that it takes.
 */
export function loadCliSettings(
  environment: Readonly<Record<string, string | undefined>>,
  { url, project }: { readonly url?: string | undefined; readonly project?: string | undefined } = {},
): CliSettings {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ''));
  const parsed = z.object(cliSettings).safeParse({
    ...set,
    ...(url !== undefined && { HOLDFAST_URL: url }),
    ...(project !== undefined && { HOLDFAST_PROJECT: project }),
  });
  if (!parsed.success)
    throw new StartupError(
      parsed.error.issues
        .map(({ path: [name], message }) => {
          const option =
            name === 'HOLDFAST_URL' ? '--url' : name === 'HOLDFAST_PROJECT' ? '--project' : undefined;
          return `${String(name)}${option === undefined ? '' : ` (or ${option})`}: ${message}`;
        })
        .join('\n'),
    );
  return {
    url: parsed.data.HOLDFAST_URL.replace(/\/+$/, ''),
    apiKey: parsed.data.HOLDFAST_API_KEY,
    project: parsed.data.HOLDFAST_PROJECT,
    timeoutMs: parsed.data.HOLDFAST_CLI_TIMEOUT_SECONDS * 1_000,
    reconnectMs: parsed.data.HOLDFAST_CLI_RECONNECT_SECONDS * 1_000,
  };
}
