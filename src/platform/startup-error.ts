/** The process cannot start or go on. The message says what to do, so it is printed without a stack. */
export class StartupError extends Error {}
