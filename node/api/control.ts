/**
 * What a member does at its control socket, and nowhere else: hand the leadership over, take a member out, let go on who is
 * held at a failpoint, issue a token, and have a notice, a timer or a certificate go wrong.
 */
import { createServer, type Server } from 'node:http';
import { DURATION_WORDS, parseDuration } from '../duration.ts';
import { FAILPOINTS } from '../failpoints.ts';
import { NAME, NAME_WORDS } from '../name.ts';
import { ruleOf } from '../tampering.ts';
import { USUAL_TOKEN_MS } from '../trust/token.ts';
import type { Trust } from '../trust/trust.ts';
import { Refusal } from './refusal.ts';
import type { Routes } from './routes.ts';
import type { Served } from './served.ts';

/** What a test has go wrong inside the member. */
function tamperingRoutes(routes: Routes, { tampering }: Served): void {
  routes.add('POST', '/rules/:rule', ({ params }) => {
    const rule = ruleOf(params.rule!);
    if (rule === null) throw new Refusal(400, `${params.rule} is no rule: it must be ID:FATE:PEER:KIND:NTH`);
    tampering.keep(rule);
    return { kept: rule.id };
  });

  routes.add('DELETE', '/rules/:id', ({ params }) => {
    if (!tampering.drop(params.id!)) throw new Refusal(404, `there is no rule ${params.id}`);
    return { dropped: params.id };
  });

  routes.add('POST', '/timer', () => {
    tampering.jumpTimer();
    return { jumped: true };
  });
}

/** What an operator does about whom to trust, and what a test does to it. */
function trustRoutes(routes: Routes, { name, membership, trust }: Served): void {
  routes.add('POST', '/tokens/:name', ({ params, query }) => {
    const newcomer = params.name!;
    if (!NAME.test(newcomer)) throw new Refusal(400, `${newcomer}: the name of a member ${NAME_WORDS}`);
    const text = query.get('for');
    const forMs = text === null ? USUAL_TOKEN_MS : parseDuration(text);
    if (forMs === null) throw new Refusal(400, `${text}: how long a token is good ${DURATION_WORDS}`);
    return membership.issueToken(newcomer, forMs);
  });

  routes.add('POST', '/certificate/:is', async ({ params }) => {
    const is = params.is!;
    if (is !== 'good' && is !== 'expired') throw new Refusal(404, `a certificate is good or expired, and not ${is}`);
    await membership.renew(is);
    return { certificate: is };
  });

  routes.add('POST', '/truststore', () => {
    requireTrust(name, trust).hold();
    return { truststore: 'held' };
  });

  routes.add('DELETE', '/truststore', () => {
    requireTrust(name, trust).letGo();
    return { truststore: 'let go' };
  });
}

/** @throws Refusal where there is none */
function requireTrust(name: string, trust: Trust | null): Trust {
  if (trust === null) throw new Refusal(409, `${name} asks nobody who they are`);
  return trust;
}

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
    await member.membership.remove(params.name!);
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

  tamperingRoutes(routes, member);
  trustRoutes(routes, member);

  return createServer(routes.answer);
}
