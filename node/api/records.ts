/** `GET|POST /1.0/records`: the application's data, served only by an open member; `?after=ID&limit=N` of it. */
import type { FastifyInstance } from 'fastify';
import { PAGE } from '../database/records.ts';

import { Refusal } from './refusal.ts';
import type { Served } from './served.ts';

export function recordRoutes(server: FastifyInstance, member: Served): void {
  server.get<{ Querystring: { after?: string; limit?: string } }>('/1.0/records', async (request) => {
    member.requireOpen();
    const after = Number(request.query.after ?? 0);
    if (!Number.isSafeInteger(after) || after < 0) throw new Refusal(400, 'after must be the id of a record');
    const limit = Number(request.query.limit ?? PAGE);
    if (!Number.isSafeInteger(limit) || limit < 1) throw new Refusal(400, 'limit must be a number of records');
    return { records: await member.database.read((transaction) => member.records.read(transaction, after, limit)) };
  });

  server.post('/1.0/records', async (request, reply) => {
    member.requireOpen();
    const { key, value } = (request.body ?? {}) as { key?: unknown; value?: unknown };
    if (typeof key !== 'string' || key === '') throw new Refusal(400, 'key must be a text that is not empty');
    if (typeof value !== 'string') throw new Refusal(400, 'value must be a text');
    await member.database.write((transaction) => member.records.write(transaction, key, value));
    return reply.code(201).send({ key, value });
  });
}
