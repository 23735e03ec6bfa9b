/** A plan's steps in words. */
import { faultWords, undoWords } from './fault-words.ts';
import { faultsOf, type Milestone, type Move, type Pace, type Plan, type Refresh, type Step } from './plan.ts';

export function describeStep(plan: Plan, step: Step): string {
  switch (step.do) {
    case 'bootstrap':
      return `bootstrap ${step.member} (${step.version})`;
    case 'join':
      return `join ${namesOf(step.members)} (${step.version}) through ${step.through}`;
    case 'form':
      return `form a cluster of ${namesOf(step.members)} (${step.version}), all at once`;
    case 'load':
      return `put ${step.records} records in`;
    case 'refresh': {
      const what = namesOf(step.refreshes.map(refreshWords));
      return `refresh ${what}${step.refreshes.length > 1 ? ', all at once' : ''}${paceWords(step.pace)}`;
    }
    case 'stop':
      return `stop ${step.member}, which stays away`;
    case 'leave':
      return `stop ${step.member}, and have ${step.by} take it out of the cluster for good`;
    case 'update': {
      const fails = Object.entries(step.fails).map(
        ([member, times]) => `; the first ${times} times it fails for ${member}`,
      );
      const unheard = step.unheard === undefined ? '' : `; none is expected to ask: ${step.unheard}`;
      return `refresh ${namesOf(step.refreshes.map(refreshWords))}, each when it asks for it${fails.join('')}${unheard}`;
    }
    case 'release':
      return `let ${step.member} ${MOVE_WORDS[step.move.step]}`;
    case 'deliver':
      return `let the notice (${step.kind}) from ${step.from} reach ${step.to}`;
    case 'release-all':
      return 'hold nobody any more';
    case 'fault':
      return `fault ${step.id}: ${faultWords(step.fault)}`;
    case 'undo':
      return `undo ${step.id}: ${undoWords(faultsOf(plan).get(step.id)!)}`;
    case 'withhold':
      return step.isHeld
        ? `hold what ${step.from} answers ${step.member}, one answer after the other, and keep that to its commit`
        : `look at what ${step.from} answers ${step.member}, and hold nothing`;
    case 'let-through':
      return `let ${step.member} have what was kept from it`;
    case 'await':
      return `wait until ${step.member} ${MILESTONE_WORDS[step.until]}`;
    case 'settle':
      return `wait until every member is open or has exited (at most ${Math.round(plan.settleLimitMs / 1000)} s)`;
    case 'verify':
      return 'read all records back through every open member';
  }
}

function refreshWords({ member, from, to, crash, aim }: Refresh): string {
  const aimed = aim === undefined ? '' : `, started ${aim.leadMs} ms before the timer of a member that waits is due`;
  const words = `${member} ${from} → ${to}${aimed}`;
  if (crash === undefined) return words;
  return `${words}, ${crash.leading ? 'make it the leader, ' : ''}kill it ${crash.at.replaceAll('-', ' ')} and start it again`;
}

const MOVE_WORDS: Readonly<Record<Move['step'], string>> = {
  check: 'examine its gate',
  park: 'park',
  notify: 'notify its peers',
  open: 'open',
  begin: 'enter the transaction of its patch',
  patch: 'run its patch',
  note: 'note its patch',
};

function paceWords(pace: Pace): string {
  if (pace === 'settled' || pace === 'held') return '';
  if (pace === 'eager') return ', and go on at once';
  return `, and go on ${pace.settled ? `${pace.pauseMs} ms after it has settled` : `after ${pace.pauseMs} ms`}`;
}

const MILESTONE_WORDS: Readonly<Record<Milestone, string>> = {
  recorded: 'has recorded what it runs',
  parked: 'waits for others',
  settled: 'is open and at rest',
};

/** So many are read; more are looked up. */
const MOST_NAMES = 8;

/** `node01, node02, node03`; of many the first and the last: `node01, …, node06, … node50`. */
export function namesOf(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(', ');
  return `${names.slice(0, MOST_NAMES - 2).join(', ')}, … ${names.at(-1)}`;
}
