/**
 * Declares endpoints: each with its request and answers (zod schemas) and its handler. The validation, the route and the
 * OpenAPI document are derived from the declaration.
 */
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { AnswerOf } from '../../contract/types-of.ts';
import type { Scope } from '../../domain/api-key.ts';
import type { RefusalType } from '../../domain/failures.ts';
import type { Principal } from './auth.ts';

/** What a handler returns. */
export interface Reply {
  readonly status: number;
  /** The body, which is sent as JSON. Absent if the reply has none. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returned by a handler that has written the response itself. */
export const streamed = Symbol('streamed');

/** A request, who sent it, and which project it is about. */
export interface Sent {
  readonly request: Request;
  readonly principal: Principal;
  /** `*`, i.e. all projects, only at an endpoint with `projects: 'any'`. */
  readonly project: string;
}

/** The argument of a handler: the validated request. */
export interface Context<P, Q, B> extends Sent {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly response: Response;
}

interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** The media type of the answer. Default: application/json. */
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** 302 is for browsers that follow it. */
type SuccessStatus = 200 | 201 | 202 | 204 | 302;

/** The successful answers, by status. */
export type Answers = Readonly<Partial<Record<SuccessStatus, Answer>>>;

/**
 * The replies that a handler may return: one of the declared statuses, with the body that its schema describes. The second part
 * only helps type inference: without it, the `status: 200` of an async handler is inferred as `number`. A literal in a body is
 * written `'ok' as const`.
 */
export type ReplyOf<A extends Answers> = {
  [S in keyof A & SuccessStatus]: Omit<Reply, 'status' | 'body'> & { readonly status: S } & BodyOf<A[S]>;
}[keyof A & SuccessStatus] & { readonly status: SuccessStatus };

type BodyOf<A> = A extends { readonly schema: infer S extends z.ZodType }
  ? { readonly body: AnswerOf<S> }
  : { readonly body?: never };

/** The declaration of one endpoint (see the top of this file). */
export interface EndpointDeclaration<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | undefined,
  A extends Answers,
> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** The path, with `{name}` for parameters, as OpenAPI writes it. */
  readonly path: string;
  /** What an API key must be allowed to do. `open`: the endpoint needs no key. */
  readonly scope: Scope | 'open';
  /**
   * How the endpoint concerns projects. `id`: `{id}` is that of a call or batch, which says its project. `one`: it is about one
   * project. `any`: the same, and those with the scope admin may ask for all of them. Absent: it is not about what projects own.
   */
  readonly projects?: 'id' | 'one' | 'any';
  readonly tag: 'calls' | 'agents' | 'health' | 'sessions' | 'keys' | 'webhooks' | 'operations';
  readonly summary: string;
  readonly description?: string;
  /** Set if clients should call another endpoint instead; the description says which. */
  readonly deprecated?: true;
  readonly params?: P;
  readonly query?: Q;
  /** The member of the query that its parameters `<member>.<name>` make together. */
  readonly gathers?: string;
  readonly body?: B;
  /** Set if a missing body means the same as an empty object. */
  readonly bodyOptional?: true;
  /** Set if the handler reads the body as a stream, of up to `HOLDFAST_MAX_IMPORT_BYTES`. */
  readonly streamsBody?: true;
  /** Descriptions of the request headers that the endpoint reads, by name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: A;
  readonly refusals: readonly RefusalType[];
  readonly handle: (
    context: Context<Parsed<P>, Parsed<Q>, Parsed<B>>,
  ) => Promise<ReplyOf<A> | typeof streamed>;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** An endpoint without its type parameters, for lists of endpoints. */
export type Endpoint = Omit<
  EndpointDeclaration<undefined, undefined, undefined, Answers>,
  'params' | 'query' | 'body' | 'handle'
> & {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly handle: (context: Context<never, never, never>) => Promise<Reply | typeof streamed>;
};

export function endpoint<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  A extends Answers = Answers,
>(declaration: EndpointDeclaration<P, Q, B, A>): Endpoint {
  return declaration as unknown as Endpoint;
}
