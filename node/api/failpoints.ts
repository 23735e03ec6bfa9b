/**
 * `POST /internal/failpoints/NAME?notice=N`: let a held member, or a held notice, go on. `DELETE /internal/failpoints`: let
 * everybody go on for good. The routes exist only in a member that was started with failpoints.
 */
import { FAILPOINTS } from '../failpoints.ts';

import { Refusal } from './refusal.ts';
import type { Routes } from './routes.ts';
import type { Served } from './served.ts';

export function failpointRoutes(routes: Routes, member: Served): void {
  routes.add('POST', '/internal/failpoints/:name', ({ params, query }) => {
    const failpoint = FAILPOINTS.find((known) => known === params.name);
    if (failpoint === undefined) {
      throw new Refusal(404, `no failpoint ${params.name}; there are ${FAILPOINTS.join(', ')}`);
    }
    if (!member.failpoints.release(failpoint, query.get('notice'))) {
      throw new Refusal(409, `${member.name} is not held at ${failpoint}`);
    }
    return { released: failpoint };
  });

  routes.add('DELETE', '/internal/failpoints', () => {
    member.failpoints.disarm();
    return { released: 'all' };
  });
}
