/**
 * What a member does at its control socket, and nowhere else: hand the leadership over, take a member out, let go on who is
 * held at a failpoint, have notices and timers go wrong.
 */
import { createServer, type Server } from 'node:http';
import { FAILPOINTS } from '../failpoints.ts';
import { Refusal } from './refusal.ts';
import type { Routes } from './routes.ts';
import type { Served } from './served.ts';
import { tamperingRoutes } from './tampering.ts';

/** A server that does not listen yet. */
export function createControl(routes: Routes, member: Served): Server {
  routes.add('POST', '/leader', async () => {
    const { replication } = member.database;
    if (replication === null) throw new Refusal(409, `${member.name} has a database without a leader`);
    await replication.lead();
    return { leader: member.name };
  });

  // Also through a member that waits: it may be the one that is taken out for which all the others do.
  routes.add('DELETE', '/members/:name', async ({ params }) => {
    await member.remove(params.name!);
    return { removed: params.name };
  });

  routes.add('POST', '/failpoints/:name', ({ params, query }) => {
    const failpoint = FAILPOINTS.find((known) => known === params.name);
    if (failpoint === undefined)
      throw new Refusal(404, `no failpoint ${params.name}; there are ${FAILPOINTS.join(', ')}`);
    if (!member.failpoints.release(failpoint, query.get('notice')))
      throw new Refusal(409, `${member.name} is not held at ${failpoint}`);
    return { released: failpoint };
  });

  routes.add('DELETE', '/failpoints', () => {
    member.failpoints.disarm();
    return { released: 'all' };
  });

  if (member.tampering !== null) tamperingRoutes(routes, member.tampering);
  return createServer(routes.answer);
}
