import { nestsDeeperThan } from '../../../domain/json-levels.ts';
import { member } from '../../member.ts';
import { describeError, errorText } from '../../redaction/error-text.ts';
import { noRedaction, type Redactor } from '../../redaction/redactor.ts';
import { AgentError } from '../../transport.ts';

/**
 * JSON of up to this size is parsed within a few milliseconds, however deeply it is nested, so its depth is not checked first.
 */
const quicklyParsedBytes = 65_536;
const maxLevels = 1_000;

/**
 * Returns the text of a `vps` answer: `content` as a string or as blocks `[{type: "text", text}]` (joined; blocks of other
 * types are ignored), or `message` as a string or `{content}` with the same forms. White space is kept. Throws `AgentError` of
 * type `invalid_response`, and no other error, for anything else: also for empty text, and for an answer with an `error` or
 * `success: false`, whatever its content.
 */
export function decode(body: Uint8Array, redactor: Redactor = noRedaction): string {
  // For millions of levels JSON.parse blocks the process for seconds.
  if (body.byteLength > quicklyParsedBytes && nestsDeeperThan(maxLevels, body))
    throw invalid(`The answer nests more than ${maxLevels} levels`);
  const text = asUtf8(body);
  const answer = parseJson(text, redactor);
  if (!isObject(answer)) throw invalid('The answer is JSON but not an object');
  const error = member(answer, 'error');
  if (error !== undefined && error !== null && error !== false && error !== '')
    throw invalid('The agent answered 200 with an error', describeError(error), redactor);
  if (member(answer, 'success') === false)
    throw invalid('The agent answered 200 with success: false', describeError(answer), redactor);
  const content = contentOf(answer);
  if (content.trim() === '') throw invalid('The answer is empty');
  if (!content.isWellFormed())
    throw invalid('The answer holds half of a surrogate pair, which is no character');
  return content;
}

function asUtf8(body: Uint8Array): string {
  if (body.byteLength === 0) throw invalid('The answer has no body');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalid('The answer is not UTF-8');
  }
}

function parseJson(text: string, redactor: Redactor): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid('The answer is not JSON', text, redactor);
  }
}

function contentOf(answer: object): string {
  const content = member(answer, 'content');
  if (content !== undefined && content !== null) return textOf(content, 'content');
  const message = member(answer, 'message');
  if (isObject(message)) return textOf(member(message, 'content'), 'message.content');
  if (typeof message === 'string') return message;
  throw invalid('The answer has neither content nor message');
}

function textOf(content: unknown, where: string): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalid(`The answer's ${where} is neither text nor blocks`);
  const texts = (content as unknown[]).flatMap((block) => textOfBlock(block, where));
  if (texts.length === 0) throw invalid(`The answer's ${where} has no text block`);
  return texts.join('');
}

function textOfBlock(block: unknown, where: string): string | [] {
  if (!isObject(block) || typeof member(block, 'type') !== 'string')
    throw invalid(`The answer's ${where} holds something that is not a block`);
  if (member(block, 'type') !== 'text') return [];
  const text = member(block, 'text');
  if (typeof text !== 'string') throw invalid(`The answer's ${where} has a text block without text`);
  return text;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(headline: string, agentSaid = '', redactor = noRedaction): AgentError {
  return new AgentError('invalid_response', errorText(headline, agentSaid, redactor));
}
