export interface Check {
  readonly check: string;
  /** `warn` does not fail the whole; `skip` says why there was nothing to check. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skip';
  readonly detail: string;
  /** What to do, where something is to be done. */
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

export function firstLine(error: unknown): string {
  return (error as Error).message.split('\n', 1)[0] ?? '';
}
