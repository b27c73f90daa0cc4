/** What an agent's answer must be to count as one: length, shape, words that it must not hold. Runs in a thread. */
import { Ajv, type KeywordCxt, type ValidateFunction } from 'ajv';
import { RE2JS } from 're2js';
import type { AgentExpectation } from '../../domain/agent.ts';

/** Undefined if `text` meets it, else what is wrong with it. */
export type Check = (text: string) => string | undefined;

/** Throws an `Error` that names the field of the registration that cannot be compiled. */
export function compileExpectation({ minLength, jsonSchema, denyRegex }: AgentExpectation): Check {
  const checks = [
    ...(minLength === undefined ? [] : [(text: string) => shorterThan(minLength, text)]),
    ...(denyRegex === undefined ? [] : [without(denyRegex)]),
    ...(jsonSchema === undefined ? [] : [matching(jsonSchema)]),
  ];
  return (text) => {
    for (const check of checks) {
      const wrong = check(text);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

export function shorterThan(minLength: number, text: string): string | undefined {
  return text.length < minLength ? `it is shorter than ${minLength} characters` : undefined;
}

function without(denyRegex: string): Check {
  const pattern = compileRegex(denyRegex, 'expect.deny_regex');
  return (text) => (pattern.matcher(text).find() ? 'it matches deny_regex' : undefined);
}

function matching(jsonSchema: object): Check {
  const validate = compileSchema(jsonSchema);
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return 'it is not JSON';
    }
    try {
      if (validate(value)) return undefined;
    } catch (error) {
      if (error instanceof RangeError) return 'it is nested too deeply for json_schema'; // Deeper than the stack.
      throw error;
    }
    const [first] = validate.errors ?? [];
    return `${first ? pathOf(first.instancePath) : 'it'} ${first?.message ?? 'does not match json_schema'}`;
  };
}

/** Not escaped: whoever looks for a token in it must know it again. */
function pathOf(pointer: string): string {
  return pointer.replaceAll('~1', '/').replaceAll('~0', '~') || 'it';
}

/** Ajv's own word: such a schema answers with a promise, which would count as true. */
const noAsync = {
  keyword: '$async',
  why: '$async is not supported',
  code: ({ schema }: KeywordCxt) => {
    if (schema !== false) throw new Error(noAsync.why);
  },
};

function compileSchema(jsonSchema: object): ValidateFunction {
  // Patterns of a schema run on agents' answers: linear time for them too.
  const regExp = (pattern: string) => {
    const regex = compileRegex(pattern, 'expect.json_schema');
    return { test: (text: string) => regex.matcher(text).find() };
  };
  regExp.code = 're2';
  try {
    const ajv = new Ajv({ strict: false, code: { regExp } });
    return ajv
      .removeKeyword(noAsync.keyword)
      .addKeyword({ keyword: noAsync.keyword, code: noAsync.code })
      .compile(jsonSchema);
  } catch (error) {
    const { message } = error as Error;
    // Ajv's own refusal of one inside of another schema does not name it.
    const why = message.startsWith('async schema') ? noAsync.why : message;
    throw new Error(`expect.json_schema: ${why}`, { cause: error });
  }
}

/** RE2 syntax: no look-around, no back-references, so its time is linear in the answer. */
function compileRegex(pattern: string, field: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new Error(`${field}: ${(error as Error).message}`, { cause: error });
  }
}
