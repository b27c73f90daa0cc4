import { userInfo } from 'node:os';
import { StartupError } from '../src/platform/startup-error.ts';

/** A file or folder that this process may not use, or cannot, e.g. as the disk is full. */
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
    return `uid ${process.getuid?.()}`; // It has no name where nothing lists it, as in some containers.
  }
}
