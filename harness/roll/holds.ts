/** Where members are held that a plan lets go step by step. */
import type { Action } from '../../node/events.ts';
import type { Failpoint } from '../../node/failpoints.ts';
import type { Plan } from '../plan/plan.ts';

/** The failpoints that a member is started with, by how it comes to be; none where the plan holds nobody. */
export function holdsOf({ holds }: Plan, action: Action): readonly Failpoint[] {
  return holds ? HOLDS[action] : [];
}

const HOLDS: Readonly<Record<Action, readonly Failpoint[]>> = {
  bootstrap: ['on-notice'],
  join: ['on-notice'],
  reform: ['on-notice'],
  start: [
    'before-check',
    'before-park',
    'before-notify',
    'before-open',
    'before-patch',
    'in-patch',
    'before-note',
    'on-notice',
  ],
};
