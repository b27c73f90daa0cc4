const stickyKind = 'TASK_QUEUE_KIND_STICKY';

/** A history as JSON without names of the machine, its processes and its paths, none of which a replay reads. */
export function withoutMachine(json: string): string {
  return JSON.stringify(JSON.parse(json), (key, value: unknown) => {
    if (key === 'identity' || key === 'stackTrace') return '';
    return isSticky(value) ? { ...value, name: 'sticky' } : value;
  });
}

/** A worker's own queue is named after its process and host. */
function isSticky(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === stickyKind;
}
