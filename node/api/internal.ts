/**
 * What peers ask of each other: to look again (`PATCH /internal/database`), and to let a new member in. And what an
 * operator may: to take a member out, and to make this one the leader of the database.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { JoinRequest } from '../peers/join.ts';
import { FROM_HEADER, NOTICE_HEADER } from '../peers/notices.ts';
import type { NoticeKind } from '../upgrade/strategy.ts';
import { Refusal } from './refusal.ts';
import type { Served } from './served.ts';

export function internalRoutes(server: FastifyInstance, member: Served): void {
  server.patch<{ Querystring: { upgrade?: string } }>('/internal/database', async (request) => {
    const kind = kindOf(request.query.upgrade);
    const from = header(request, FROM_HEADER) ?? 'an older build';
    const notice = header(request, NOTICE_HEADER) ?? `${from}@${request.ip}`;
    return { disposition: await member.noticed(from, notice, kind) };
  });

  // Whoever will have a notice to send opens the way for it.
  server.get('/internal/database', (_request, reply) => reply.code(204).send());

  server.post('/internal/leader', async () => {
    const { replication } = member.database;
    if (replication === null) throw new Refusal(409, `${member.name} has a database without a leader`);
    await replication.lead();
    return { leader: member.name };
  });

  // Also through a member that waits: it may be the one that is taken out for which all the others do.
  server.delete<{ Params: { name: string } }>('/internal/members/:name', async (request) => {
    await member.remove(request.params.name);
    return { removed: request.params.name };
  });

  server.post('/internal/members', async (request, reply) => {
    const joining = request.body as Partial<JoinRequest> | undefined;
    if (typeof joining?.name !== 'string' || typeof joining.address !== 'string' || joining.version === undefined) {
      throw new Refusal(400, 'a join request holds name, address and version');
    }
    return reply.code(201).send(await member.admit(joining as JoinRequest));
  });
}

function kindOf(upgrade: string | undefined): NoticeKind {
  if (upgrade === undefined) return 'both';
  if (upgrade === 'schema' || upgrade === 'api' || upgrade === 'patch') return upgrade;
  throw new Refusal(400, `upgrade=${upgrade}: it must be schema, api or patch; without it a notice counts as both`);
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
