/** Thrown if the process cannot start or continue. The message says what to do, so it is printed without a stack trace. */
export class StartupError extends Error {}
