/**
 * Which ports an embedded server uses besides its gRPC port. Webhooks may not reach them, also those of another process on this
 * machine, which knows only the gRPC port: hence fixed distances, as long as these ports are free.
 */
export const httpApiDistance = 10;
export const metricsDistance = 20;
/** Where `temporal server start-dev` puts its Web UI by default. */
const webUiDistance = 1_000;

/** The ports that a server with this gRPC port probably uses. None for 0, which stands for any free port. */
export function embeddedPorts(port: number): number[] {
  if (port === 0) return [];
  return [port, port + httpApiDistance, port + metricsDistance, port + webUiDistance].filter(
    (one) => one <= 65_535,
  );
}
