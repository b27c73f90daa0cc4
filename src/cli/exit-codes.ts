/** The exit codes of every command, and when each is used. The table in docs/cli.md is generated from this. */
export const exitCodes = {
  ok: { code: 0, when: 'the command succeeded' },
  failed: {
    code: 1,
    when: 'the command ran, but its result is a failure: the call, a rerun, a replay that differs, a test of a webhook, a check of doctor',
  },
  usage: { code: 2, when: 'the command line or a setting is wrong; nothing was done' },
  unreachable: {
    code: 3,
    when: 'the node cannot be reached, or the connection was lost and could not be restored',
  },
  refused: { code: 4, when: 'the node refused the request; the message says why' },
  interrupted: { code: 130, when: 'stopped by Ctrl-C; calls and batches on the node continue' },
} as const;

/** The name of an exit code. */
export type ExitName = keyof typeof exitCodes;
