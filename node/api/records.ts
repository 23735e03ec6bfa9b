/** `GET|POST /1.0/records`: the application's data, served only by an open member; `?after=ID&limit=N` of it. */
import { PAGE } from '../database/records.ts';

import { COMMITS_LATE_MS } from '../defects.ts';
import { Refusal } from './refusal.ts';
import { Answer, type Routes } from './routes.ts';
import type { Served } from './served.ts';

export function recordRoutes(routes: Routes, member: Served): void {
  routes.add('GET', '/1.0/records', async ({ query }) => {
    member.requireOpen();
    const after = Number(query.get('after') ?? 0);
    if (!Number.isSafeInteger(after) || after < 0) throw new Refusal(400, 'after must be the id of a record');
    const limit = Number(query.get('limit') ?? PAGE);
    if (!Number.isSafeInteger(limit) || limit < 1) throw new Refusal(400, 'limit must be a number of records');
    return { records: await member.database.read((transaction) => member.records.read(transaction, after, limit)) };
  });

  routes.add('POST', '/1.0/records', async ({ body }) => {
    member.requireOpen();
    const { key, value } = (body ?? {}) as { key?: unknown; value?: unknown };
    if (typeof key !== 'string' || key === '') throw new Refusal(400, 'key must be a text that is not empty');
    if (typeof value !== 'string') throw new Refusal(400, 'value must be a text');
    const write = () => member.database.write((transaction) => member.records.write(transaction, key, value));
    // As a member with that planted defect does.
    if (member.defect === 'answers-before-commit')
      setTimeout(() => void write().catch(() => undefined), COMMITS_LATE_MS);
    else await write();
    return new Answer(201, { key, value });
  });
}
