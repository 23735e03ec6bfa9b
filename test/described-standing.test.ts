/** Where a described member is seen to stand, from what several sources say of it. */
import { expect } from 'chai';
import { DescribedStanding, type Seen } from '../harness/daemon/described/standing.ts';
import { nowNs } from '../node/clock.ts';
import type { MemberEvent } from '../node/events.ts';

const SECOND_NS = 1e9;

describe('a described member that has been woken', () => {
  it('answers as one that waits until it has passed its gate, and nothing contradicts it', () => {
    const events: MemberEvent['event'][] = [];
    const contradictions: string[] = [];
    const lines = { parked: 'parked: /wait/', woken: 'woken: /again/', open: 'open: /open/' };
    const version = { name: '2', internal: 2, external: 0, extensions: [] };
    const standing = new DescribedStanding(
      { member: 'node01', action: 'start', version, gate: 'pair', waitMs: 60_000, isKeptBack: false, lines },
      {
        event: ({ event }) => void events.push(event),
        remark: () => undefined,
        missed: () => undefined,
        contradiction: (_, text) => void contradictions.push(text),
      },
    );
    const startNs = nowNs();
    const at = (second: number): Seen => {
      const atNs = startNs + second * SECOND_NS;
      return { atNs, observed: { sinceNs: atNs - 1e6, by: 'probe ready' } };
    };
    standing.parked(at(1));
    standing.woken(at(5), 'unknown');
    // It had come to its gate long ago, and its database has no leader just now.
    for (const second of [5.1, 9]) standing.seemsToWait(at(second), at(0.9));
    expect(contradictions).to.deep.equal([]);
    standing.open(at(9.2));
    expect(events).to.deep.equal(['started', 'parked', 'woken', 'open']);
  });
});
