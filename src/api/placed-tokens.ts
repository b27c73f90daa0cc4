/** Tokens of JSON with their place in it, and those of its numbers that would be changed. */
import { Tokenizer, TokenType, type ParsedTokenInfo } from '@streamparser/json';
import type { FieldError } from './validate.ts';
import { changeOf } from './json-numbers.ts';

interface OpenContainer {
  readonly isArray: boolean;
  /** Of the member that is read. */
  key: string | number;
  expectsKey: boolean;
}

export class PlacedTokens extends Tokenizer {
  private readonly open: OpenContainer[] = [];
  private readonly take: (token: ParsedTokenInfo, path: readonly OpenContainer[]) => void;
  /** Found since they were last taken away. */
  changed: FieldError[] = [];

  /** `take` is given each token with the containers that it is in, the outermost first. */
  constructor(take: PlacedTokens['take'] = () => undefined) {
    super();
    this.take = take;
  }

  override onToken(info: ParsedTokenInfo): void {
    const { token, value } = info;
    const inside = this.open.at(-1);
    if (token === TokenType.STRING && inside?.expectsKey) {
      inside.key = value as string;
      inside.expectsKey = false;
    }
    this.take(info, this.open);
    if (token === TokenType.LEFT_BRACE) this.open.push({ isArray: false, key: '', expectsKey: true });
    else if (token === TokenType.LEFT_BRACKET) this.open.push({ isArray: true, key: 0, expectsKey: false });
    else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.open.pop();
    else if (token === TokenType.COMMA && inside) {
      if (inside.isArray) inside.key = Number(inside.key) + 1;
      else inside.expectsKey = true;
    }
  }

  protected override parseNumber(literal: string): number {
    const message = changeOf(literal);
    if (message !== undefined)
      this.changed.push({ field: this.open.map(({ key }) => String(key)).join('.'), message });
    return super.parseNumber(literal);
  }
}
