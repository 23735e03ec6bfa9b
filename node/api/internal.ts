/** What peers ask of each other: to look again (`PATCH /internal/database`), and to let a new member in. */
import type { IncomingMessage } from 'node:http';

import type { JoinRequest } from '../peers/join.ts';
import { FROM_HEADER, NOTICE_HEADER } from '../peers/notices.ts';
import type { NoticeKind } from '../upgrade/strategy.ts';
import { Refusal } from './refusal.ts';
import { Answer, type Routes } from './routes.ts';
import type { Served } from './served.ts';

export function internalRoutes(routes: Routes, member: Served): void {
  routes.add('PATCH', '/internal/database', async ({ query, message }) => {
    const kind = kindOf(query.get('upgrade'));
    const from = header(message, FROM_HEADER) ?? 'an older build';
    const notice = header(message, NOTICE_HEADER) ?? `${from}@${message.socket.remoteAddress}`;
    return { disposition: await member.noticed(from, notice, kind) };
  });

  // Whoever will have a notice to send opens the way for it.
  routes.add('GET', '/internal/database', () => new Answer(204));

  routes.add('POST', '/internal/members', async ({ body }) => {
    const joining = body as Partial<JoinRequest> | undefined;
    if (typeof joining?.name !== 'string' || typeof joining.address !== 'string' || joining.version === undefined) {
      throw new Refusal(400, 'a join request holds name, address and version');
    }
    return new Answer(201, await member.admit(joining as JoinRequest));
  });
}

function kindOf(upgrade: string | null): NoticeKind {
  if (upgrade === null) return 'both';
  if (upgrade === 'schema' || upgrade === 'api' || upgrade === 'patch') return upgrade;
  throw new Refusal(400, `upgrade=${upgrade}: it must be schema, api or patch; without it a notice counts as both`);
}

function header(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
