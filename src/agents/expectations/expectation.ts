/** Compiles an agent's expectation (length, JSON schema, forbidden pattern) to a check of its answers, in a worker thread. */
import { Ajv, type KeywordCxt, type ValidateFunction } from 'ajv';
import { RE2JS } from 're2js';
import type { AgentExpectation } from '../../domain/agent.ts';

/** Returns what is wrong with an answer; undefined if it meets the expectation. */
export type Check = (text: string) => string | undefined;

/** Compiles an expectation to a check. Throws an `Error` that names the field of the registration that does not compile. */
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

/** Returns what is wrong with a `text` of fewer than `minLength` UTF-16 code units; undefined if it is long enough. */
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
      if (error instanceof RangeError) return 'it is nested too deeply for json_schema'; // Stack overflow.
      throw error;
    }
    const [first] = validate.errors ?? [];
    return `${first ? pathOf(first.instancePath) : 'it'} ${first?.message ?? 'does not match json_schema'}`;
  };
}

/** Resolves the escapes of a JSON pointer, because redaction would not recognise an escaped token in it. */
function pathOf(pointer: string): string {
  return pointer.replaceAll('~1', '/').replaceAll('~0', '~') || 'it';
}

/** Refuses Ajv's keyword `$async`: such a schema's validator returns a promise, which would count as valid. */
const noAsync = {
  keyword: '$async',
  why: '$async is not supported',
  code: ({ schema }: KeywordCxt) => {
    if (schema !== false) throw new Error(noAsync.why);
  },
};

function compileSchema(jsonSchema: object): ValidateFunction {
  // A schema's patterns run on agents' answers, so they must take linear time too.
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
    // For an async schema inside another one, Ajv throws another error, which does not name the keyword.
    const why = message.startsWith('async schema') ? noAsync.why : message;
    throw new Error(`expect.json_schema: ${why}`, { cause: error });
  }
}

/**
 * Compiles a pattern with RE2, whose matching takes time linear in the answer. RE2 has no look-around and no back-references.
 * Throws an `Error` that names `field`.
 */
function compileRegex(pattern: string, field: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new Error(`${field}: ${(error as Error).message}`, { cause: error });
  }
}
