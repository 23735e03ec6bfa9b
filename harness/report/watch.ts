/** The report of a roll while it goes on: the same page, fed by server-sent events. Serves loopback only. */
import type { ServerResponse } from 'node:http';
import Fastify from 'fastify';
import { nowNs } from '../../node/clock.ts';
import type { Plan } from '../plan/plan.ts';
import type { Observer, TraceEvent } from '../trace/trace.ts';
import { rollPage } from './page.ts';

export interface Watching {
  /** Where the page is. */
  readonly address: string;
  readonly observer: Observer;
  /** The roll is over: whoever watches gets its report, and so does whoever comes later. */
  judged(page: string): void;
  close(): Promise<void>;
}

const EVENTS = '/events';

/** Serve the page of a roll that is about to begin. */
export async function watch(plan: Plan): Promise<Watching> {
  const seen: TraceEvent[] = [];
  const watchers = new Set<ServerResponse>();
  let report: string | null = null;
  const live = await rollPage(
    { label: '', plan, trace: [], verdict: null, logs: [], command: null, matrix: null },
    EVENTS,
  );
  const server = Fastify({ forceCloseConnections: true });
  server.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(report ?? live));
  server.get(EVENTS, (request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    reply.raw.write(message('clock', nowNs()));
    for (const event of seen) reply.raw.write(message('trace', event));
    if (report !== null) reply.raw.write(message('judged', null));
    watchers.add(reply.raw);
    request.raw.once('close', () => watchers.delete(reply.raw));
  });
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    address,
    observer: (event) => {
      seen.push(event);
      for (const watcher of watchers) watcher.write(message('trace', event));
    },
    judged: (page) => {
      report = page;
      for (const watcher of watchers) watcher.write(message('judged', null));
    },
    close: async () => {
      for (const watcher of watchers) watcher.end();
      await server.close();
    },
  };
}

function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
