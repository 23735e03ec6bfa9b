import { expect } from 'chai';
import { Standings } from '../harness/roll/standing.ts';
import { reckonedCause } from '../harness/trace/cause.ts';
import type { TraceEvent } from '../harness/trace/trace.ts';

const MEMBERS = ['node01', 'node02', 'node03'];

function standingsAfter(events: ReadonlyArray<Record<string, unknown>>): Standings {
  const standings = new Standings(MEMBERS, { everyMs: 1000, toleranceMs: 50 });
  for (const [index, event] of events.entries())
    standings.fold({ atNs: index * 1e6, ...event } as unknown as TraceEvent);
  return standings;
}

const gone = (member: string) => ({ rig: 'gone', member });
const launching = (member: string) => ({ rig: 'launching', member });
const open = (member: string) => ({ member, event: 'open' });
const parked = (member: string) => ({ member, event: 'parked', gate: 'api' });
const woken = (member: string, by = 'timer') => ({ member, event: 'woken', gate: 'api', by });
/** A member that sits out two timers, and parks again. */
const inVain = (member: string) => [parked(member), woken(member), parked(member), woken(member), parked(member)];
const OPEN = MEMBERS.map(open);

describe('where members stand', () => {
  it('is over once all are open or gone, and not while one is on its way or about to be started again', () => {
    expect(standingsAfter(OPEN).isOver()).to.equal(true);
    expect(standingsAfter([...OPEN, gone('node02')]).isOver()).to.equal(true);
    expect(standingsAfter([...OPEN, launching('node02'), parked('node02')]).isOver()).to.equal(false);
    const restarting = { rig: 'restarting', member: 'node02', attempt: 1 };
    expect(standingsAfter([...OPEN, gone('node02'), restarting]).isOver()).to.equal(false);
  });

  it('is over where somebody waits in vain for one that is gone, also if others were refreshed since', () => {
    const refreshedSince = [...OPEN, gone('node03'), gone('node01'), launching('node01'), ...inVain('node01')];
    expect(standingsAfter(refreshedSince).isOver()).to.equal(true);
    // One that dies before it is refreshed is the same: nobody waits for the whole limit of a settling.
    const twoGone = [...OPEN, gone('node02'), gone('node03'), launching('node01'), ...inVain('node01')];
    expect(standingsAfter(twoGone).isOver()).to.equal(true);
  });

  it('is not over after timers that fired before the other went, or where it has been started again', () => {
    const early = [...OPEN, launching('node01'), ...inVain('node01'), gone('node03')];
    expect(standingsAfter(early).isOver()).to.equal(false);
    expect(standingsAfter([...early, ...inVain('node01').slice(1)]).isOver()).to.equal(true);
    const back = [...OPEN, gone('node03'), launching('node01'), ...inVain('node01'), launching('node03')];
    expect(standingsAfter(back).isOver()).to.equal(false);
  });
});

describe('the cause of a waking that nobody tells', () => {
  const timer = { everyMs: 1000, toleranceMs: 50 };
  for (const [shortest, longest, cause] of [
    [1000, 1000, 'timer'],
    [1049, 1049, 'timer'],
    [2040, 2049, 'timer'],
    [1051, 1051, 'notice'],
    [940, 940, 'notice'],
    [3, 20, 'notice'],
    [1500, 1900, 'notice'],
    // It may have been either.
    [900, 1020, 'unknown'],
    [1040, 1200, 'unknown'],
    [1500, 2600, 'unknown'],
  ] as const) {
    it(`is a ${cause} where the park lasted between ${shortest} and ${longest} ms, and the timer is 1 s`, () => {
      expect(reckonedCause(shortest, longest, timer)).to.equal(cause);
    });
  }

  it('is unknown where the timer is', () => {
    expect(reckonedCause(1000, 1000, null)).to.equal('unknown');
  });
});
