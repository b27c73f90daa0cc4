/** What an agent's answer must be to count as one: length, shape, words that it must not hold. */
import { Ajv, type ValidateFunction } from 'ajv';
import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import type { AgentExpectation } from '../domain/agent.ts';
import { AgentError } from './transport.ts';

/** Undefined if `text` meets it, else what is wrong with it. */
type Check = (text: string) => string | undefined;

/** Compiling a schema costs milliseconds: each expectation is compiled once. */
const compiled = new LRUCache<string, Check[]>({ max: 1_000 });

/** Throws the `invalid_response` of an answer that its agent's expectation does not take. */
export function requireExpected(text: string, expectation: AgentExpectation): void {
  const key = JSON.stringify(expectation);
  const checks = compiled.get(key) ?? compileExpectation(expectation);
  compiled.set(key, checks);
  for (const check of checks) {
    const wrong = check(text);
    if (wrong !== undefined)
      throw new AgentError('invalid_response', `The answer is not as expected: ${wrong}`);
  }
}

/** Throws an `Error` that names the field of the registration that cannot be compiled. */
export function compileExpectation({ minLength, jsonSchema, denyRegex }: AgentExpectation): Check[] {
  return [
    ...(minLength === undefined ? [] : [atLeast(minLength)]),
    ...(denyRegex === undefined ? [] : [without(denyRegex)]),
    ...(jsonSchema === undefined ? [] : [matching(jsonSchema)]),
  ];
}

function atLeast(minLength: number): Check {
  return (text) => (text.length < minLength ? `it is shorter than ${minLength} characters` : undefined);
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
    if (validate(value)) return undefined;
    const [first] = validate.errors ?? [];
    return `${first?.instancePath || 'it'} ${first?.message ?? 'does not match json_schema'}`;
  };
}

function compileSchema(jsonSchema: object): ValidateFunction {
  // Patterns of a schema run on agents' answers: linear time for them too.
  const regExp = (pattern: string) => {
    const regex = compileRegex(pattern, 'expect.json_schema');
    return { test: (text: string) => regex.matcher(text).find() };
  };
  regExp.code = 're2';
  try {
    return new Ajv({ strict: false, code: { regExp }, addUsedSchema: false }).compile(jsonSchema);
  } catch (error) {
    throw new Error(`expect.json_schema: ${(error as Error).message}`, { cause: error });
  }
}

/** RE2 syntax: no look-around, no back-references, so no answer can make it slow. */
function compileRegex(pattern: string, field: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new Error(`${field}: ${(error as Error).message}`, { cause: error });
  }
}
