/**
 * JSON over Node's own HTTP server: routes that take what was asked and return what to answer. A framework takes as long to
 * load as Node itself, and the first notice that comes in would go through code that has never run.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { addRoute, createRouter, findRoute } from 'rou3';
import { Refusal } from './refusal.ts';

/** What somebody asks. */
export interface Asked {
  /** The parts of the path that the route names, as they were before they were put in it. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly message: IncomingMessage;
  /** What came with it; undefined where nothing did. */
  readonly body: unknown;
}

/** An answer with a status of its own. Any other value that a route returns is the body of a 200. */
export class Answer {
  readonly status: number;
  /** JSON; undefined for none. */
  readonly body: unknown;

  constructor(status: number, body?: unknown) {
    this.status = status;
    this.body = body;
  }
}

/** @throws Refusal, or whatever the routes' owner turns into one */
export type Route = (asked: Asked) => unknown;

export type Method = 'GET' | 'PATCH' | 'POST' | 'DELETE';

/** Looks at who asks, before the body is read. `path` is that of the route, or as it was asked where there is none. @throws Refusal */
export type Guarding = (message: IncomingMessage, path: string) => void;

export class Routes {
  readonly #router = createRouter<{ readonly path: string; readonly route: Route }>();
  readonly #guard: Guarding;
  readonly #bodyLimitBytes: number;
  readonly #statusOf: (error: Error) => number;

  /** @param statusOf of an error that is no refusal */
  constructor(bodyLimitBytes: number, statusOf: (error: Error) => number, guard: Guarding = () => undefined) {
    this.#guard = guard;
    this.#bodyLimitBytes = bodyLimitBytes;
    this.#statusOf = statusOf;
  }

  /** @param path with `:name` for a part that may be anything */
  add(method: Method, path: string, route: Route): void {
    addRoute(this.#router, method, path, { path, route });
  }

  /** Answers a request; never throws. */
  readonly answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Whoever hangs up in the middle of a request has nothing more to be told.
    message.on('error', () => undefined);
    const answer = await this.#answerTo(message);
    if (response.destroyed) return;
    // What is left of a body that nobody wants is not read to its end.
    if (!message.complete) response.setHeader('connection', 'close');
    if (answer.body === undefined) {
      response.writeHead(answer.status).end();
      return;
    }
    const text = JSON.stringify(answer.body);
    response
      .writeHead(answer.status, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
      })
      .end(text);
  };

  async #answerTo(message: IncomingMessage): Promise<Answer> {
    try {
      const { method = '', url = '' } = message;
      const query = url.indexOf('?');
      const path = query < 0 ? url : url.slice(0, query);
      const found = findRoute(this.#router, method, path);
      this.#guard(message, found?.data.path ?? path);
      if (found === undefined) throw new Refusal(404, `no ${method} ${url} here`);
      const answer = await found.data.route({
        params: decoded(found.params ?? {}),
        query: new URLSearchParams(query < 0 ? '' : url.slice(query)),
        message,
        body: await this.#bodyOf(message),
      });
      return answer instanceof Answer ? answer : new Answer(200, answer);
    } catch (error) {
      const status = error instanceof Refusal ? error.statusCode : this.#statusOf(error as Error);
      const why = error instanceof Refusal && error.why !== undefined ? { why: error.why } : {};
      return new Answer(status, { error: (error as Error).message, ...why });
    }
  }

  /** @throws Refusal of a body that is too large, or no JSON */
  async #bodyOf(message: IncomingMessage): Promise<unknown> {
    const { 'content-length': told, 'transfer-encoding': encoding, 'content-type': type } = message.headers;
    if (encoding === undefined && (told === undefined || told === '0')) return undefined;
    if (type === undefined || !/^application\/json\b/i.test(type))
      throw new Refusal(415, 'a body must be application/json');
    const limit = this.#bodyLimitBytes;
    const tooLarge = new Refusal(413, `a body may have ${limit} bytes at most`);
    if (Number(told) > limit) throw tooLarge;
    const chunks: Buffer[] = [];
    let bytes = 0;
    // Not an iterator of the message, which would destroy the connection that the refusal has to go out on.
    await new Promise<void>((resolve, reject) => {
      message.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= limit) chunks.push(chunk);
        else reject(tooLarge);
      });
      message.once('end', resolve);
      message.once('close', () => reject(new Refusal(400, 'the body did not come in whole')));
    });
    try {
      return JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch (error) {
      throw new Refusal(400, `the body is no JSON: ${(error as Error).message}`);
    }
  }
}

/** @throws Refusal of what nobody has encoded so */
function decoded(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, text]) => {
      try {
        return [name, decodeURIComponent(text)];
      } catch {
        throw new Refusal(400, `${text} is not encoded as a part of a path has to be`);
      }
    }),
  );
}
