/** Copies messages of a session, with their large texts, to another session, so that neither depends on the other. */
import pMap from 'p-map';
import type { SessionMessage } from '../domain/message.ts';
import type { OlderMessages } from '../domain/session.ts';
import { isReference, type StoredText } from '../domain/stored-text.ts';
import { replaceTexts } from '../domain/content.ts';
import { folderOf, type Owner } from './owners.ts';
import { chainOf, readSegment, storeSegment } from './segments.ts';
import { unlessLost, type TextStore } from './text-store.ts';

/** How many large texts are in memory at a time. */
const concurrency = 4;

/** One copy. Every method throws `PayloadStoreError`, also if the copy would use up the reserve for calls in flight. */
export class SessionCopy {
  /** Whether something could not be copied because it is lost. Its reference was kept, so that readers are told. */
  lost = false;
  private readonly texts: TextStore;
  private readonly owner: Owner;
  private readonly onMessage: (message: SessionMessage) => void;

  /** `owner` is the other session. `onMessage` is called for each message in order, after it was copied. */
  constructor(texts: TextStore, owner: Owner, onMessage: (message: SessionMessage) => void) {
    this.texts = texts;
    this.owner = owner;
    this.onMessage = onMessage;
  }

  /** Copies a chain of segments, the oldest first, with one in memory at a time. Returns the copy of its newest segment. */
  async segments(newest: OlderMessages | undefined): Promise<OlderMessages | undefined> {
    const { segments, lost } = await chainOf(this.texts, newest);
    this.lost ||= lost !== undefined;
    let older = lost;
    for (const { key, count } of segments) {
      const segment = await unlessLost(() => readSegment(this.texts, key));
      if (segment) {
        const messages = await this.messages(segment.messages);
        await this.texts.requireRoom(0);
        const copy = await storeSegment(this.texts, this.owner, { ...(older && { older }), messages });
        older = { key: copy, count };
      } else {
        this.lost = true;
        older = { key, count };
      }
    }
    return older;
  }

  /** Copies messages. */
  async messages(messages: readonly SessionMessage[]): Promise<SessionMessage[]> {
    const copies = await pMap(
      messages,
      async (message) => ({
        ...message,
        content: await replaceTexts(message.content, (text) => this.text(text)),
      }),
      { concurrency },
    );
    for (const message of copies) this.onMessage(message);
    return copies;
  }

  /** Copies a text. */
  async text(text: StoredText): Promise<StoredText> {
    if (!isReference(text)) return text;
    await this.texts.requireRoom(text.bytes);
    const copy = await this.texts.copyTo(this.owner, text);
    this.lost ||= isReference(copy) && !copy.ref.startsWith(folderOf(this.owner));
    return copy;
  }
}
