/** Tampering, at the control socket: notices that meet the fate of a rule, until it is dropped, and a timer that fires. */
import { rulesIn, type Tampering } from '../tampering.ts';
import { Refusal } from './refusal.ts';
import type { Routes } from './routes.ts';

export function tamperingRoutes(routes: Routes, tampering: Tampering): void {
  routes.add('POST', '/tampering/rules', ({ query }) => {
    const [rule] = rulesIn(`[${query.get('rule') ?? ''}]`) ?? [];
    if (rule === undefined) throw new Refusal(400, 'a rule holds id, fate, to, kind and nth');
    tampering.keep(rule);
    return { kept: rule.id };
  });

  routes.add('DELETE', '/tampering/rules/:id', ({ params }) => {
    if (!tampering.drop(params.id!)) throw new Refusal(404, `there is no rule ${params.id}`);
    return { dropped: params.id };
  });

  routes.add('POST', '/tampering/timer', () => {
    tampering.jumpTimer();
    return { jumped: true };
  });
}
