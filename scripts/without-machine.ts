const stickyKind = 'TASK_QUEUE_KIND_STICKY';

/** Returns a history as JSON without the names of the machine, its processes and its paths, which a replay does not need. */
export function withoutMachine(json: string): string {
  return JSON.stringify(JSON.parse(json), (key, value: unknown) => {
    if (key === 'identity' || key === 'stackTrace') return '';
    return isSticky(value) ? { ...value, name: 'sticky' } : value;
  });
}

/** A worker's sticky queue is named after its process and host. */
function isSticky(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === stickyKind;
}
