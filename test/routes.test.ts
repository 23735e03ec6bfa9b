import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import { Refusal } from '../node/api/refusal.ts';
import { Answer, Routes } from '../node/api/routes.ts';
import { close, listen } from '../node/api/server.ts';

describe('the routes of a member', () => {
  let server: Server;
  let origin: string;
  const LIMIT_BYTES = 100;

  before(async () => {
    const routes = new Routes(LIMIT_BYTES, () => 500);
    routes.add(
      'POST',
      '/things/:name',
      ({ params, query, body }) => new Answer(201, { ...params, q: query.get('q'), body }),
    );
    routes.add('GET', '/nothing', () => new Answer(204));
    routes.add('GET', '/refused', () => Promise.reject(new Refusal(409, 'not now')));
    routes.add('GET', '/broken', () => {
      throw new TypeError('a mistake');
    });
    server = createServer(routes.answer);
    await listen(server, '127.0.0.1', 0);
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => close(server));

  const JSON_TYPE = { 'content-type': 'application/json' };
  for (const [what, path, request, status, answer] of [
    [
      'what is asked, and gives what is returned',
      '/things/one?q=a%20b',
      { body: '{"a":1}' },
      201,
      '{"name":"one","q":"a b","body":{"a":1}}',
    ],
    ['what its path has encoded', '/things/a%3Ab%2Fc', {}, 201, '{"name":"a:b/c","q":null}'],
    ['what its path has encoded wrongly', '/things/%zz', {}, 400, /"error":"%zz is not encoded/],
    ['no body', '/things/one', {}, 201, '{"name":"one","q":null}'],
    ['a body in chunks', '/things/one', { body: chunks('{"a"', ':2}') }, 201, '{"name":"one","q":null,"body":{"a":2}}'],
    ['and answers without a body', '/nothing', { method: 'GET' }, 204, ''],
    ['a path that is not there', '/else', {}, 404, '{"error":"no POST /else here"}'],
    ['a method that is not there', '/nothing', {}, 404, '{"error":"no POST /nothing here"}'],
    ['what is no JSON', '/things/one', { body: '{' }, 400, /"error":"the body is no JSON: /],
    [
      'what does not say that it is JSON',
      '/things/one',
      { body: 'a=1', headers: {} },
      415,
      /"error":"a body must be application/,
    ],
    [
      'too much',
      '/things/one',
      { body: `"${'x'.repeat(LIMIT_BYTES)}"` },
      413,
      /"error":"a body may have 100 bytes at most"/,
    ],
    ['too much in chunks', '/things/one', { body: chunks('"', 'x'.repeat(LIMIT_BYTES), '"') }, 413, /at most/],
    ['what it refuses', '/refused', { method: 'GET' }, 409, '{"error":"not now"}'],
    ['what fails in it', '/broken', { method: 'GET' }, 500, '{"error":"a mistake"}'],
  ] as const) {
    it(`take ${what}`, async () => {
      const told = { method: 'POST', headers: JSON_TYPE, duplex: 'half', ...request };
      const response = await fetch(`${origin}${path}`, told as RequestInit);
      expect(response.status).to.equal(status);
      expect(await response.text()).to.satisfy((text: string) =>
        typeof answer === 'string' ? text === answer : answer.test(text),
      );
    });
  }

  it('outlive whoever hangs up in the middle of a request', async () => {
    const { port } = server.address() as AddressInfo;
    const connection = connect(port, '127.0.0.1');
    connection.write(
      'POST /things/one HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a"',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    connection.destroy();
    expect((await fetch(`${origin}/nothing`)).status).to.equal(204);
  });
});

function chunks(...texts: readonly string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(texts.map((text) => Buffer.from(text)));
}
