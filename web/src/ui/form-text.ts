/** A field of a form, without spaces at the ends; empty where it is not there. */
export function formText(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
