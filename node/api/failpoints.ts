/**
 * `POST /internal/failpoints/NAME?notice=N`: let a held member, or a held notice, go on. `DELETE /internal/failpoints`: let
 * everybody go on for good. The routes exist only in a member that was started with failpoints.
 */
import type { FastifyInstance } from 'fastify';
import { FAILPOINTS } from '../failpoints.ts';

import { Refusal } from './refusal.ts';
import type { Served } from './served.ts';

export function failpointRoutes(server: FastifyInstance, member: Served): void {
  server.post<{ Params: { name: string }; Querystring: { notice?: string } }>(
    '/internal/failpoints/:name',
    (request, reply) => {
      const failpoint = FAILPOINTS.find((known) => known === request.params.name);
      if (failpoint === undefined) {
        throw new Refusal(404, `no failpoint ${request.params.name}; there are ${FAILPOINTS.join(', ')}`);
      }
      if (!member.failpoints.release(failpoint, request.query.notice ?? null)) {
        throw new Refusal(409, `${member.name} is not held at ${failpoint}`);
      }
      return reply.send({ released: failpoint });
    },
  );

  server.delete('/internal/failpoints', (_request, reply) => {
    member.failpoints.disarm();
    return reply.send({ released: 'all' });
  });
}
