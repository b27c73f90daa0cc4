/** The failure table of the gateway itself, so that the two cannot differ. */
export { errorTypes } from '../../../src/domain/failures.ts';
