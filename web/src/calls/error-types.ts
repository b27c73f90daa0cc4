/** The error types, from the failure table of the node itself, so that the lists cannot differ. */
export { errorTypes } from '../../../src/domain/failures.ts';
