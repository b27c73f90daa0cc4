/**
 * Tests that need a tool which a contributor may not have are skipped without it. CI installs all tools, so there a missing
 * tool fails the test file.
 */
export function foundHere(tool: string, found: boolean): boolean {
  if (!found && process.env['CI'] !== undefined)
    throw new Error(
      `CI must have ${tool}, and it was not found: its output says at the beginning why it is missing`,
    );
  return found;
}
