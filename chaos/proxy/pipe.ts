import type { Socket } from 'node:net';

/** The current network conditions of one direction. */
export interface LinkConditions {
  /** Whether nothing gets through. Bytes are then kept until the link is open again, as if TCP retransmitted lost packets. */
  readonly held: boolean;
  readonly latencyMs: number;
  /** The additional delay, in ms, of a graceful close (FIN) after the bytes that precede it. */
  readonly closeDelayMs: number;
}

/** Bytes or an end that are in transit. `due` is the time (epoch ms) at which they are delivered. */
type Item =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly due: number }
  | { readonly kind: 'end'; readonly due: number }
  | { readonly kind: 'reset'; readonly due: number };

/** One direction of one connection: delivers what `source` sends to `sink`, in order, under the current conditions. */
export class Pipe {
  private readonly source: Socket;
  private readonly sink: Socket;
  private readonly conditions: () => LinkConditions;
  private readonly items: Item[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket, conditions: () => LinkConditions) {
    this.source = source;
    this.sink = sink;
    this.conditions = conditions;
    source.on('data', (bytes: Buffer) =>
      this.enqueue({ kind: 'bytes', bytes, due: Date.now() + conditions().latencyMs }),
    );
    source.on('end', () =>
      this.enqueue({ kind: 'end', due: Date.now() + conditions().latencyMs + conditions().closeDelayMs }),
    );
    source.on('error', () => this.enqueue({ kind: 'reset', due: Date.now() }));
    sink.on('drain', () => this.readOn());
  }

  /** Continues under the present conditions. Call it whenever the conditions have changed. */
  readOn(): void {
    if (!this.conditions().held) this.source.resume();
    this.deliver();
  }

  private enqueue(item: Item): void {
    this.items.push(item);
    // Unread bytes fill the kernel's buffers while the sender notices nothing, as with a silent peer.
    if (this.conditions().held) this.source.pause();
    this.deliver();
  }

  private deliver(): void {
    clearTimeout(this.timer);
    for (;;) {
      const [item] = this.items;
      if (!item || this.conditions().held || this.sink.destroyed) return;
      const waitMs = item.due - Date.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.deliver(), waitMs);
        return;
      }
      this.items.shift();
      this.forward(item);
    }
  }

  private forward(item: Item): void {
    if (item.kind === 'end') this.sink.end();
    else if (item.kind === 'reset') this.sink.resetAndDestroy();
    else if (!this.sink.write(item.bytes)) this.source.pause();
  }
}
