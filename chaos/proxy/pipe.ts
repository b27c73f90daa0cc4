import type { Socket } from 'node:net';

/** How bytes of one direction travel just now. */
export interface LinkConditions {
  /** Nothing gets through; it is kept, as by a network that repeats lost packets, until the link is open again. */
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

/** One direction of one connection: what `source` says reaches `sink` in order, under its current conditions. */
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
      this.take({ kind: 'bytes', bytes, due: Date.now() + conditions().latencyMs }),
    );
    source.on('end', () =>
      this.take({ kind: 'end', due: Date.now() + conditions().latencyMs + conditions().closeDelayMs }),
    );
    source.on('error', () => this.take({ kind: 'reset', due: Date.now() }));
    sink.on('drain', () => this.readOn());
  }

  /** To be called when the conditions have changed. */
  readOn(): void {
    if (!this.conditions().held) this.source.resume();
    this.deliver();
  }

  private take(item: Item): void {
    this.items.push(item);
    // Unread bytes fill the kernel's buffers, and the sender notices nothing: that is what a silent peer is like.
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
      this.pass(item);
    }
  }

  private pass(item: Item): void {
    if (item.kind === 'end') this.sink.end();
    else if (item.kind === 'reset') this.sink.resetAndDestroy();
    else if (!this.sink.write(item.bytes)) this.source.pause();
  }
}
