/** `GET /1.0`: what the member is and whom it waits for. `GET /1.0/ready`: 200, or 503 with that reason. */
import type { FastifyInstance } from 'fastify';
import type { Served } from './served.ts';

export function statusRoutes(server: FastifyInstance, member: Served): void {
  server.get('/1.0', () => member.status());
  server.get('/1.0/ready', (_request, reply) => {
    member.requireOpen();
    return reply.send({ status: 'open' });
  });
}
