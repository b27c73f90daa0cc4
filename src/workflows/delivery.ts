/** How a session sends messages to calls that may not exist yet. */

/**
 * The first and the last pause between the messages to a call that does not exist yet: 50 ms, then doubling up to 3.2 s, 6 s in
 * all.
 */
export const firstResendMs = 50;
export const lastResendMs = 3_200;

/** Whether the message was delivered. False if the call does not exist or has ended. */
export function isDelivered(sent: Promise<void>): Promise<boolean> {
  return sent.then(
    () => true,
    () => false,
  );
}
