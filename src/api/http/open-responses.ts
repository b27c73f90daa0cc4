/** Responses that are under way, by who asked for them. They end with the secret that was shown. */
import type { Response } from 'express';
import type { KnownKeys } from '../../services/keys/known-keys.ts';
import type { Actor } from '../../domain/access-book.ts';
import type { Principal } from './auth.ts';

export class OpenResponses {
  private readonly known: KnownKeys;
  private readonly responses = new Map<Response, Exclude<Actor, { kind: 'bootstrap' }>>();

  constructor(known: KnownKeys) {
    this.known = known;
  }

  /** Call this before the response can have ended. */
  track({ actor }: Principal, response: Response): void {
    if (actor.kind === 'bootstrap') return;
    this.responses.set(response, actor);
    response.once('close', () => this.responses.delete(response));
  }

  /**
   * Cuts the responses whose secret is no longer valid, and those that needed no key before there was one. As with any lost
   * connection, a call for which such a response waits goes on, unless it was sent with `on_disconnect: cancel`.
   */
  cutInvalid(): void {
    for (const [response, actor] of this.responses)
      if (!this.known.mayGoOn(actor.kind === 'key' ? actor : undefined)) response.destroy();
  }
}
