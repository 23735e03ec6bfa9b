/** The probes of one process of a described member: each is sent again and again, and what it answers is told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../../../node/clock.ts';
import type { Probe } from '../../input/description.ts';
import { Finding, type Launch, type Reach, RequestError, type Told } from '../contract.ts';
import { type Answered, ask, isLike, isSuccess } from './asking.ts';
import type { NotedPatches } from './noted-patches.ts';
import type { Rows } from './rows.ts';
import type { DescribedStanding, Seen } from './standing.ts';
import type { Tally } from './tally.ts';

export interface Probing {
  readonly probes: readonly Probe[];
  readonly launch: Launch;
  readonly reach: Reach;
  readonly folder: string;
  readonly standing: DescribedStanding;
  readonly rows: Rows;
  readonly notes: NotedPatches;
  readonly tally: Tally;
  readonly told: Told;
  /** Whether it is still being made a member of its cluster. */
  readonly isEntering: () => boolean;
}

/** Probe until the signal aborts. Resolves when no probe is under way. */
export async function probe(probing: Probing, signal: AbortSignal): Promise<void> {
  await Promise.all(probing.probes.map((one) => probeAgain(probing, one, signal)));
}

async function probeAgain(probing: Probing, one: Probe, signal: AbortSignal): Promise<void> {
  const { launch, reach, folder, standing, tally } = probing;
  const { member } = launch.seat;
  const part = `probe ${one.name}`;
  // Whatever an answer shows has come about since the question before it was sent: that one showed it not.
  let sinceNs = standing.launchedNs;
  while (!signal.aborted) {
    if (one.when === 'settled' && (standing.phase === 'starting' || probing.isEntering())) {
      await sleep(one.every, undefined, { signal }).catch(() => undefined);
      continue;
    }
    const othersTurnMs = isOfRows(one) ? probing.rows.turn(one.every) : null;
    if (othersTurnMs !== null) {
      await sleep(Math.ceil(othersTurnMs), undefined, { signal }).catch(() => undefined);
      continue;
    }
    const askedNs = nowNs();
    try {
      const answered = await ask({ asked: one, launch, reach, folder, signal });
      take(probing, one, answered, askedNs, sinceNs);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RequestError) && !(error instanceof Finding)) throw error;
      tally.failed(part, member, askedNs, error.message);
    }
    sinceNs = askedNs;
    await sleep(one.every, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether it asks for what all members have recorded, and nothing of the member itself. */
function isOfRows({ rows, patches, open, waiting }: Probe): boolean {
  return rows !== undefined && patches === undefined && open === undefined && waiting === undefined;
}

function take(probing: Probing, one: Probe, answered: Answered, askedNs: number, sinceNs: number): void {
  const { probes, launch, standing, tally, rows, notes, told } = probing;
  const { member } = launch.seat;
  const by = `probe ${one.name}`;
  const atNs = nowNs();
  const turn: Seen = { atNs, observed: { sinceNs, by } };
  const example = `${answered.status ?? `exit code ${answered.exit}`} ${answered.text}`;
  const isOpen = one.open !== undefined && isLike(one.open, answered);
  const isWaiting = !isOpen && one.waiting !== undefined && isLike(one.waiting, answered);
  if (isOpen) tally.matched(`${by}: open`, member, atNs, example);
  if (isWaiting) tally.matched(`${by}: waiting`, member, atNs, example);
  if (isOpen) standing.seemsOpen(turn);
  if (isWaiting) {
    const tellsRows = probes.some((other) => other.rows !== undefined);
    // Whose row is like all others' has nobody to wait for: it is not open yet, and that is all.
    const atGate = rows.areAlike ? undefined : rows.recordedSince(member, standing.launchedNs, askedNs);
    standing.seemsToWait(turn, tellsRows ? atGate : null);
  }
  if (one.rows !== undefined && isSuccess(answered)) {
    const wrong = rows.take(answered.text, one.rows, askedNs, by, told);
    if (wrong === null) tally.matched(`${by}: rows`, member, atNs, answered.text);
    else tally.failed(`${by}: rows`, member, atNs, wrong);
  }
  if (one.patches !== undefined && isSuccess(answered)) {
    const wrong = notes.take(answered.text, one.patches, member, turn, standing);
    if (wrong === null) tally.matched(`${by}: patches`, member, atNs, answered.text);
    else tally.failed(`${by}: patches`, member, atNs, wrong);
  }
}
