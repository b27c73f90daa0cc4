/** A TCP proxy in front of one port that can be told to be a bad network. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Pipe, type LinkConditions } from './pipe.ts';

/** `up`: from who connected to the port behind. `down`: back. */
export type Direction = 'up' | 'down';

export type ProxyMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'latency'; readonly ms: number }
  /** Open connections are reset, and every new one as soon as it is made. */
  | { readonly kind: 'reset' }
  /** One direction is silent: requests arrive and answers do not, or the other way round. */
  | { readonly kind: 'half_open'; readonly silent: Direction }
  /** An orderly close of either side reaches the other this much later. */
  | { readonly kind: 'slow_close'; readonly ms: number }
  /** Connections are taken and stay open; nothing gets through. */
  | { readonly kind: 'blackhole' };

interface Link {
  readonly ends: readonly [Socket, Socket];
  readonly pipes: readonly [Pipe, Pipe];
}

const host = '127.0.0.1';

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

  /** Listens on `port` (0: a free one) for `targetPort` on this machine. */
  static async start(targetPort: number, port = 0): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(port, host);
    await once(server, 'listening');
    return new TcpProxy(server, targetPort);
  }

  /** Connections that are open. */
  get open(): number {
    return this.links.size;
  }

  /** From now on, also for the connections that are open. What was held gets through when nothing holds it. */
  set(mode: ProxyMode): void {
    this.mode = mode;
    if (mode.kind === 'reset') this.cut();
    for (const { pipes } of this.links) for (const pipe of pipes) pipe.readOn();
  }

  /** Resets every open connection; what was held is lost. */
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
    client.on('error', () => undefined); // Its pipe tells the other end.
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
