/** `GET /1.0`: what the member is and whom it waits for. `GET /1.0/ready`: 200, or 503 with that reason. */
import type { Routes } from './routes.ts';
import type { Served } from './served.ts';

export function statusRoutes(routes: Routes, member: Served): void {
  routes.add('GET', '/1.0', () => member.status());
  routes.add('GET', '/1.0/ready', () => {
    member.requireOpen();
    return { status: 'open' };
  });
}
