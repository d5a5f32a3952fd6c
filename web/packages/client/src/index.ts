// A typed client of the drive's whole API, with one method for each operation of its OpenAPI document. It sends each
// request once.

import { ROUTES, type operations } from "./schema.ts";

export type { components, operations, paths } from "./schema.ts";

type Id = keyof operations;
type Parameters<I extends Id> = operations[I] extends { parameters: infer P } ? P : never;
type Of<P, K extends string> = P extends { [key in K]?: infer V } ? NonNullable<V> : never;
type Body<I extends Id> = operations[I] extends { requestBody: { content: { "application/json": infer B } } } ? B : undefined;
type Responses<I extends Id> = operations[I] extends { responses: infer R } ? R : never;
type Json<R> = R extends { content: { "application/json": infer J } } ? J : undefined;

/** The answer of an operation. */
export type AnswerOf<I extends Id> = Responses<I> extends { 200: infer R } ? Json<R> : undefined;

type Given<K extends string, V> = [V] extends [never] | [undefined] ? object : Record<never, never> extends V ? { [key in K]?: V } : { [key in K]: V };

/** The arguments of an operation: `path`, `query` and `body`, as the document describes them. */
export type RequestOf<I extends Id> = Given<"path", Of<Parameters<I>, "path">> &
  Given<"query", Of<Parameters<I>, "query">> &
  Given<"body", Body<I>> & {
    /** Requests with the same key create a thing only once. */
    idempotencyKey?: string;
    signal?: AbortSignal;
  };

/** A method for each operation, with its name from the document. */
export type Client = {
  [I in Id]: (...request: Record<never, never> extends RequestOf<I> ? [RequestOf<I>?] : [RequestOf<I>]) => Promise<AnswerOf<I>>;
};

/** The drive refused. `message` is for people, `code` for programs. */
export class DrayError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** How many seconds to wait before the next try; `null` if the answer does not say. */
    readonly retryAfterSecs: number | null,
  ) {
    super(message);
  }
}

export interface Options {
  /** The drive's address, including the path that it is below, if any. */
  url: string;
  /** A bearer token, or a function that returns the current one. */
  token: string | (() => string | Promise<string>);
  fetch?: typeof globalThis.fetch;
}

/** A client of the drive at `url`. */
export function createClient(options: Options): Client {
  const call = (id: Id) => (request: Loose = {}) => send(options, ROUTES[id], request);
  return Object.fromEntries(Object.keys(ROUTES).map((id) => [id, call(id as Id)])) as unknown as Client;
}

interface Loose {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

async function send(options: Options, [method, path]: readonly [string, string], request: Loose): Promise<unknown> {
  const { body, idempotencyKey, signal } = request;
  const token = typeof options.token === "function" ? await options.token() : options.token;
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
  const init: RequestInit = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }), ...(signal && { signal }) };
  const answer = await (options.fetch ?? globalThis.fetch)(addressOf(options.url, path, request), init);
  const text = await answer.text();
  if (!answer.ok) throw refusal(answer, text);
  return text === "" ? undefined : JSON.parse(text);
}

function addressOf(url: string, path: string, { path: names = {}, query = {} }: Loose): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = names[name];
    if (value === undefined || value === "") throw new TypeError(`path.${name} is missing.`);
    const segment = encodeURIComponent(String(value));
    // A URL has no way to write these two as names: the request would be another one.
    if (segment === "." || segment === "..") throw new TypeError(`path.${name} cannot be “${segment}”.`);
    return segment;
  });
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
  return url.replace(/\/+$/, "") + filled + (search && `?${search}`);
}

function refusal(answer: Response, text: string): DrayError {
  let said: { code?: string; message?: string; retryAfter?: number } = {};
  try {
    said = (JSON.parse(text) as typeof said | null) ?? {};
  } catch {
    // Not Dray: a proxy in front of it.
  }
  const message = said.message ?? `The server answered ${answer.status} ${answer.statusText}`.trim() + ".";
  return new DrayError(answer.status, said.code ?? "unknown", message, said.retryAfter ?? null);
}
