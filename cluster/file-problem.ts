import { userInfo } from 'node:os';
import { StartupError } from '../src/platform/startup-error.ts';

/**
 * Makes the error for a file or folder that this process cannot use, e.g. for lack of permission or because the disk is full.
 */
export function fileProblem(
  path: string,
  used: 'read' | 'written' | 'made' | 'entered and written',
  error: unknown,
  remedy = 'fix that, or give another folder with --data',
): StartupError {
  return new StartupError(
    `${path} cannot be ${used} by ${userName()} (${(error as Error).message}): ${remedy}`,
    { cause: error },
  );
}

function userName(): string {
  try {
    return `the user ${userInfo().username}`;
  } catch {
    return `uid ${process.getuid?.()}`; // The uid may have no name, as in some containers.
  }
}
