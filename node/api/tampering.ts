/**
 * `POST /internal/tampering/rules`: from now on, a notice meets the fate of this rule. `DELETE /internal/tampering/rules/ID`: no more.
 * `POST /internal/tampering/timer`: the timer of the park fires. The routes exist only in a member that was started for it.
 */
import { ruleIn, type Tampering } from '../tampering.ts';
import { Refusal } from './refusal.ts';
import type { Routes } from './routes.ts';

export function tamperingRoutes(routes: Routes, tampering: Tampering): void {
  routes.add('POST', '/internal/tampering/rules', ({ body }) => {
    const rule = ruleIn(body);
    if (rule === null) throw new Refusal(400, 'a rule holds id, fate, to, kind and nth');
    tampering.keep(rule);
    return { kept: rule.id };
  });

  routes.add('DELETE', '/internal/tampering/rules/:id', ({ params }) => {
    if (!tampering.drop(params.id!)) throw new Refusal(404, `there is no rule ${params.id}`);
    return { dropped: params.id };
  });

  routes.add('POST', '/internal/tampering/timer', () => {
    tampering.jumpTimer();
    return { jumped: true };
  });
}
