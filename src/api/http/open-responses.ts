/** Responses that are under way, by who asked for them. They end with the secret that was shown, and with the sign-in. */
import type { Response } from 'express';
import type { KnownKeys } from '../../services/keys/known-keys.ts';
import type { Principal } from './auth.ts';

/** Who asked, and when their sign-in or token ends (epoch ms). */
interface Asked {
  readonly actor: Principal['actor'];
  readonly project: string;
  readonly until: number;
}

export class OpenResponses {
  private readonly known: KnownKeys;
  private readonly now: () => number;
  private readonly responses = new Map<Response, Asked>();

  constructor(known: KnownKeys, now: () => number) {
    this.known = known;
    this.now = now;
  }

  /** Call this before the response can have ended. */
  track({ actor, project, signIn, until = signIn?.until ?? Infinity }: Principal, response: Response): void {
    if (actor.kind === 'bootstrap' && !signIn) return;
    this.responses.set(response, { actor, project, until });
    response.once('close', () => this.responses.delete(response));
  }

  /**
   * Cuts the responses whose secret is no longer valid, and those that needed no key before there was one. As with any lost
   * connection, a call for which such a response waits goes on, unless it was sent with `on_disconnect: cancel`. The end of a
   * sign-in or token, which everybody knew before, cuts streams of events only.
   */
  cutInvalid(): void {
    const now = this.now();
    for (const [response, asked] of this.responses)
      if ((asked.until <= now && isStream(response)) || !this.isValid(asked)) response.destroy();
  }

  private isValid({ actor, project }: Asked): boolean {
    if (actor.kind === 'person') return this.known.mayGoOnIn(project);
    return actor.kind === 'bootstrap' || this.known.mayGoOn(actor.kind === 'key' ? actor : undefined);
  }
}

function isStream(response: Response): boolean {
  return String(response.getHeader('Content-Type')).startsWith('text/event-stream');
}
