/**
 * Tests that need a tool which a contributor may not have are left out without it. CI installs them all: there a tool
 * that is missing fails the test file.
 */
export function foundHere(tool: string, found: boolean): boolean {
  if (!found && process.env['CI'] !== undefined)
    throw new Error(
      `CI must have ${tool}, and it was not found: its output says at the beginning why it is missing`,
    );
  return found;
}
