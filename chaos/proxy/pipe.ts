import type { Socket } from 'node:net';

/** How bytes of one direction travel just now. */
export interface Road {
  /** Nothing gets through; it is kept, as by a network that repeats lost packets, until the road is open again. */
  readonly held: boolean;
  readonly latencyMs: number;
  /** How much later than the bytes before it an orderly close gets through. */
  readonly closeDelayMs: number;
}

/** `due`: epoch ms at which it has come all the way. */
type Item =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly due: number }
  | { readonly kind: 'end'; readonly due: number }
  | { readonly kind: 'reset'; readonly due: number };

/** One direction of one connection: what `source` says reaches `sink` in order, as the road allows. */
export class Pipe {
  private readonly source: Socket;
  private readonly sink: Socket;
  private readonly road: () => Road;
  private readonly items: Item[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket, road: () => Road) {
    this.source = source;
    this.sink = sink;
    this.road = road;
    source.on('data', (bytes: Buffer) =>
      this.take({ kind: 'bytes', bytes, due: Date.now() + road().latencyMs }),
    );
    source.on('end', () =>
      this.take({ kind: 'end', due: Date.now() + road().latencyMs + road().closeDelayMs }),
    );
    source.on('error', () => this.take({ kind: 'reset', due: Date.now() }));
    sink.on('drain', () => this.readOn());
  }

  /** To be called when the road has changed. */
  readOn(): void {
    if (!this.road().held) this.source.resume();
    this.deliver();
  }

  private take(item: Item): void {
    this.items.push(item);
    // Unread bytes fill the kernel's buffers, and the sender notices nothing: that is what a silent peer is like.
    if (this.road().held) this.source.pause();
    this.deliver();
  }

  private deliver(): void {
    clearTimeout(this.timer);
    for (;;) {
      const [item] = this.items;
      if (!item || this.road().held || this.sink.destroyed) return;
      const waitMs = item.due - Date.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.deliver(), waitMs);
        return;
      }
      this.items.shift();
      this.pass(item);
    }
  }

  private pass(item: Item): void {
    if (item.kind === 'end') this.sink.end();
    else if (item.kind === 'reset') this.sink.resetAndDestroy();
    else if (!this.sink.write(item.bytes)) this.source.pause();
  }
}
