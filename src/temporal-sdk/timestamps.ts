/** Converts protobuf timestamps and durations from and to milliseconds. */
export { msToTs, optionalTsToMs, tsToMs } from '@temporalio/common/lib/time.js';
