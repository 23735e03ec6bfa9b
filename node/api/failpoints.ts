/** `POST /internal/failpoints/NAME`: let a held member go on. The route exists only where failpoints are armed. */
import type { FastifyInstance } from 'fastify';
import { FAILPOINTS } from '../events.ts';
import type { Member } from '../member.ts';
import { Refusal } from './refusal.ts';

export function failpointRoutes(server: FastifyInstance, member: Member): void {
  server.post<{ Params: { name: string } }>('/internal/failpoints/:name', (request, reply) => {
    const failpoint = FAILPOINTS.find((known) => known === request.params.name);
    if (failpoint === undefined)
      throw new Refusal(404, `no failpoint ${request.params.name}; there are ${FAILPOINTS.join(', ')}`);
    if (!member.failpoints.release(failpoint)) throw new Refusal(409, `${member.name} is not held at ${failpoint}`);
    return reply.send({ released: failpoint });
  });
}
