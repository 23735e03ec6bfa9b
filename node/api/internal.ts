/** What peers ask of each other: to look again (`PATCH /internal/database`), and to let a new member in. */
import type { IncomingMessage } from 'node:http';
import { parseAddress } from '../address.ts';
import { NAME, NAME_WORDS } from '../name.ts';
import { DOOR, type JoinRequest } from '../peers/join.ts';
import { FROM_HEADER, NOTICE_HEADER, NOTICES } from '../peers/notices.ts';
import { TRUSTSTORE } from '../peers/truststores.ts';
import type { NoticeKind } from '../upgrade/strategy.ts';
import { isVersion } from '../upgrade/version.ts';
import { Refusal } from './refusal.ts';
import { Answer, type Routes } from './routes.ts';
import type { Served } from './served.ts';

export function internalRoutes(routes: Routes, member: Served): void {
  const { guard } = member;
  routes.add('PATCH', NOTICES, async ({ query, message }) => {
    const kind = kindOf(query.get('upgrade'));
    const said = readable(header(message, FROM_HEADER), NAME);
    const named = readable(header(message, NOTICE_HEADER), NOTICE);
    if (said === null || named === null) throw guard.refuse(null, 'unreadable', NOTICES);
    const from = guard.senderOf(message, said, NOTICES) ?? 'an older build';
    return { disposition: await member.noticed(from, named ?? `${from}@${message.socket.remoteAddress}`, kind) };
  });

  // Whoever will have a notice to send opens the way for it, and is answered once the way back is open too.
  routes.add('GET', NOTICES, async ({ message }) => {
    const standing = guard.standingOf(message.socket);
    if (standing?.is === 'member') await member.openWayBack(standing.name);
    return new Answer(204);
  });

  // Whoever has changed whom to trust has the others look.
  routes.add('POST', TRUSTSTORE, async () => {
    await member.membership.converge();
    return new Answer(204);
  });

  routes.add('POST', DOOR, async ({ body, message }) => {
    return new Answer(201, await member.membership.admit(joinRequestOf(body), guard.shownBy(message.socket)));
  });
}

/** @throws Refusal saying what is wrong with it */
function joinRequestOf(body: unknown): JoinRequest {
  const { name, address, version } = (body ?? {}) as Partial<Record<keyof JoinRequest, unknown>>;
  const fault =
    typeof name !== 'string' || !NAME.test(name)
      ? `its name ${NAME_WORDS}`
      : typeof address !== 'string' || parseAddress(address) === null
        ? 'its address must be HOST:PORT'
        : isVersion(version)
          ? null
          : 'its version must hold name, internal, external and extensions, as the version of a build does';
  if (fault !== null) throw new Refusal(400, `a join request holds name, address and version: ${fault}`);
  return body as JoinRequest;
}

/** What a trace can hold, and a person read. */
const NOTICE = /^[\w.:@[\]%-]{1,200}$/;

/** Undefined where there is none; null where it cannot be read. */
function readable(text: string | undefined, pattern: RegExp): string | null | undefined {
  return text === undefined || pattern.test(text) ? text : null;
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
