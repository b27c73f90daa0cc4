/** A TCP proxy in front of one port that can simulate a bad network. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Pipe, type LinkConditions } from './pipe.ts';

/** A direction of traffic. `up` is from the client to the port behind the proxy, `down` is back to the client. */
export type Direction = 'up' | 'down';

/** How the proxy treats its connections. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'latency'; readonly ms: number }
  /** Resets open connections at once, and every new one as soon as it is made. */
  | { readonly kind: 'reset' }
  /** Lets nothing through in one direction: requests arrive and answers do not, or the other way round. */
  | { readonly kind: 'half_open'; readonly silent: Direction }
  /** Delivers a graceful close of one side to the other side `ms` later. */
  | { readonly kind: 'slow_close'; readonly ms: number }
  /** Accepts connections and keeps them open, but lets nothing through. */
  | { readonly kind: 'blackhole' };

interface Link {
  readonly ends: readonly [Socket, Socket];
  readonly pipes: readonly [Pipe, Pipe];
}

const host = '127.0.0.1';

/** Listens on a port and forwards every connection to `targetPort`, in the mode that was set last. */
export class TcpProxy {
  readonly port: number;
  private readonly server: Server;
  private readonly links = new Set<Link>();
  private readonly targetPort: number;
  private mode: ProxyMode = { kind: 'pass' };

  private constructor(server: Server, targetPort: number) {
    this.server = server;
    this.targetPort = targetPort;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.link(client));
  }

  /** Starts a proxy on `port` (0 means any free port) for `targetPort` of this machine. */
  static async start(targetPort: number, port = 0): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(port, host);
    await once(server, 'listening');
    return new TcpProxy(server, targetPort);
  }

  /** The number of open connections. */
  get open(): number {
    return this.links.size;
  }

  /** Changes the mode, also for open connections. Held bytes are delivered if the new mode does not hold them. */
  set(mode: ProxyMode): void {
    this.mode = mode;
    if (mode.kind === 'reset') this.cut();
    for (const { pipes } of this.links) for (const pipe of pipes) pipe.readOn();
  }

  /** Resets every open connection. Held bytes are lost. */
  cut(): void {
    for (const { ends } of this.links) for (const end of ends) end.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private link(client: Socket): void {
    client.on('error', () => undefined); // The pipe resets the other side.
    if (this.mode.kind === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ port: this.targetPort, host, allowHalfOpen: true, noDelay: true });
    const pipes = [
      new Pipe(client, target, () => conditionsOf(this.mode, 'up')),
      new Pipe(target, client, () => conditionsOf(this.mode, 'down')),
    ] as const;
    const link: Link = { ends: [client, target], pipes };
    this.links.add(link);
    const onClose = (): void => {
      if (client.destroyed && target.destroyed) this.links.delete(link);
    };
    client.on('close', onClose);
    target.on('close', onClose);
  }
}

function conditionsOf(mode: ProxyMode, direction: Direction): LinkConditions {
  return {
    held: mode.kind === 'blackhole' || (mode.kind === 'half_open' && mode.silent === direction),
    latencyMs: mode.kind === 'latency' ? mode.ms : 0,
    closeDelayMs: mode.kind === 'slow_close' ? mode.ms : 0,
  };
}
