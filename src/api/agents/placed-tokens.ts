/** Reads the tokens of JSON with their paths, and finds numbers that JavaScript could not represent exactly. */
import { Tokenizer, TokenType, type ParsedTokenInfo } from '@streamparser/json';
import { maxFieldErrors, type FieldError } from '../../contract/problem.ts';
import { fieldPath } from '../http/field-errors.ts';
import { maxJsonLevels, tooDeep } from '../http/json-depth.ts';
import { changeOf } from '../http/json-numbers.ts';

interface OpenContainer {
  readonly isArray: boolean;
  /** Key of the current member. */
  key: string | number;
  expectsKey: boolean;
}

/** A tokenizer that keeps track of the path. Throws a refusal if the JSON nests too deeply. */
export class PlacedTokens extends Tokenizer {
  private readonly open: OpenContainer[] = [];
  private readonly onPlacedToken: (token: ParsedTokenInfo, path: readonly OpenContainer[]) => void;
  /** The first numbers that JavaScript cannot represent exactly, since the caller last emptied the list. */
  changed: FieldError[] = [];

  /** `onPlacedToken` is called with each token and the containers that it is in, the outermost first. */
  constructor(onPlacedToken: PlacedTokens['onPlacedToken']) {
    super();
    this.onPlacedToken = onPlacedToken;
  }

  override onToken(info: ParsedTokenInfo): void {
    const { token, value } = info;
    const inside = this.open.at(-1);
    if (token === TokenType.STRING && inside?.expectsKey) {
      inside.key = value as string;
      inside.expectsKey = false;
    }
    const opens = token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET;
    if (opens && this.open.length >= maxJsonLevels) throw tooDeep();
    this.onPlacedToken(info, this.open);
    if (token === TokenType.LEFT_BRACE) this.open.push({ isArray: false, key: '', expectsKey: true });
    else if (token === TokenType.LEFT_BRACKET) this.open.push({ isArray: true, key: 0, expectsKey: false });
    else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.open.pop();
    else if (token === TokenType.COMMA && inside) {
      if (inside.isArray) inside.key = Number(inside.key) + 1;
      else inside.expectsKey = true;
    }
  }

  protected override parseNumber(literal: string): number {
    const message = this.changed.length < maxFieldErrors ? changeOf(literal) : undefined;
    if (message !== undefined)
      this.changed.push({ field: fieldPath(this.open.map(({ key }) => key)), message });
    return super.parseNumber(literal);
  }
}
