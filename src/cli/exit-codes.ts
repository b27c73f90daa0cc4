/** What the process ends with; docs/cli.md lists exactly these. */
export const exitCodes = {
  ok: { code: 0, when: 'done, and all is well' },
  failed: {
    code: 1,
    when: 'done, but what was asked about failed: the call, a re-run, a replay that differs, a check of doctor',
  },
  usage: { code: 2, when: 'the command line or a setting is wrong; nothing was done' },
  unreachable: { code: 3, when: 'the node cannot be reached, or went away and did not come back' },
  refused: { code: 4, when: 'the node refused the request; the message says why' },
  interrupted: { code: 130, when: 'stopped by Ctrl-C; calls and batches on the node go on' },
} as const;

export type ExitName = keyof typeof exitCodes;
