/** The result of one check of `holdfast doctor`. */
export interface Check {
  readonly check: string;
  /** The result. A `warn` does not make the command fail. With `skip`, `detail` says why nothing was checked. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skip';
  readonly detail: string;
  /** What to do; set for `warn` and `fail`. */
  readonly fix?: string;
}

export const ok = (check: string, detail: string): Check => ({ check, status: 'ok', detail });
export const skip = (check: string, detail: string): Check => ({ check, status: 'skip', detail });
export const warn = (check: string, detail: string, fix: string): Check => ({
  check,
  status: 'warn',
  detail,
  fix,
});
export const fail = (check: string, detail: string, fix: string): Check => ({
  check,
  status: 'fail',
  detail,
  fix,
});

/** The first line of an error's message. */
export function firstLine(error: unknown): string {
  return (error as Error).message.split('\n', 1)[0] ?? '';
}
