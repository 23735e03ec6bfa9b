/** A trace of many members, as a roll leaves it, without the minutes that the roll takes. */

import { memberNames } from '../../harness/plan/member-names.ts';
import type { Trace, TraceEvent } from '../../harness/trace/trace.ts';
import type { Disposition } from '../../node/upgrade/machine.ts';
import type { Gate } from '../../node/upgrade/strategy.ts';

const MS = 1e6;

/**
 * Each member is refreshed and parked; then, in every round, each tells all its peers, and is parked again. A round of n
 * members has n(n-1) notices: n of them wake a member, a half of the others is kept, the other half comes for nothing.
 */
export function largeTrace(count: number, rounds: number): { members: string[]; trace: Trace } {
  const members = memberNames(count);
  const trace: TraceEvent[] = [];
  const push = (event: object): void => void trace.push(event as TraceEvent);
  let nowNs = 1e15;
  for (const member of members) {
    nowNs += 100 * MS;
    push({ atNs: nowNs, rig: 'stopping', member });
    push({ atNs: nowNs + 10 * MS, member, event: 'exiting', reason: 'signal', message: 'told to stop' });
    push({ atNs: nowNs + 20 * MS, member, event: 'started', pid: 1, action: 'start', version: {} });
    park(member, 'schema', nowNs + 60 * MS);
  }
  nowNs += 100 * MS;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, member] of members.entries()) sendAll(member, index, round);
    nowNs += 50 * MS;
    for (const member of members) park(member, round % 2 === 0 ? 'api' : 'schema', nowNs);
  }
  for (const member of members) {
    nowNs += MS;
    push({ atNs: nowNs, member, event: 'open' });
  }
  push({ atNs: nowNs + MS, rig: 'ledger', acknowledged: {}, found: {} });
  return { members, trace };

  function park(member: string, gate: Gate, atNs: number): void {
    push({ atNs, member, event: 'checked', gate, outcome: { is: 'blocked', by: [] }, decidedNs: atNs });
    push({ atNs: atNs + MS, member, event: 'parked', gate, waitMs: 30_000 });
  }

  function sendAll(from: string, index: number, round: number): void {
    const notice = `${from}.1.${round}`;
    const gate = round % 2 === 0 ? 'schema' : 'api';
    const sentNs = nowNs;
    for (const [other, peer] of members.entries()) {
      if (other === index) continue;
      nowNs += 3001;
      const wakes = index === (other + 1) % count;
      const disposition: Disposition = wakes ? 'delivered' : (index + other) % 2 === 0 ? 'latched' : 'dropped';
      push({ atNs: nowNs, member: peer, event: 'noticed', from, notice, kind: gate, disposition });
      if (wakes) push({ atNs: nowNs + 1000, member: peer, event: 'woken', gate, by: 'notice' });
      push({
        atNs: nowNs + 2000,
        member: from,
        event: 'notified',
        peer,
        notice,
        kind: gate,
        outcome: 'accepted',
        sentNs,
      });
    }
  }
}
