import { StartupError } from '../startup-error.ts';

export type EmbeddedServerErrorCode =
  'port_in_use' | 'database_locked' | 'database_newer' | 'data_dir_unwritable' | 'start_failed';

/** Thrown if the embedded server cannot start. The message says what to do; docs/embedded-server.md lists the codes. */
export class EmbeddedServerError extends StartupError {
  readonly code: EmbeddedServerErrorCode;

  constructor(code: EmbeddedServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
