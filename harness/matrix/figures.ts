/** What the figures of all rolls of a matrix come to, in sentences. Pure. */
import { formatDuration } from '../../node/duration.ts';
import { healedSentences } from './healed.ts';
import type { Judged, Results } from './results.ts';
import { judgedOf } from './state.ts';

/** What is to be said of a matrix as a whole beside its tables. */
export function sentencesOf(results: Results): string[] {
  const judged = judgedOf(results.attempts).filter(({ members }) => members.length > 0);
  const how = results.spec.insecure === true ? ['Members spoke plain HTTP (insecure).'] : [];
  if (judged.length === 0) return how;
  return [...how, wakesSentence(judged), latencySentence(judged), ...aimSentence(judged), ...healedSentences(results)];
}

function wakesSentence(judged: readonly Judged[]): string {
  const wakes = judged.flatMap(({ members }) => members.flatMap(({ wokenBy }) => wokenBy));
  const count = (cause: (typeof wakes)[number]): number => wakes.filter((wake) => wake === cause).length;
  const stalled = judged.filter(({ members }) => members.some(({ stallMs }) => stallMs > 0));
  const longest = Math.max(...judged.flatMap(({ members }) => members.map(({ stallMs }) => stallMs)));
  const still =
    stalled.length === 0
      ? 'nobody stood still'
      : `in ${stalled.length} somebody stood still, at most for ${formatDuration(longest)}`;
  const unknown = count('unknown');
  const unclear = unknown === 0 ? '' : `, and ${unknown} times it is not known by what`;
  return `${judged.length} rolls: members were woken ${count('notice')} times by a notice and ${count('timer')} times by a timer${unclear}; ${still}.`;
}

function latencySentence(judged: readonly Judged[]): string {
  const members = judged
    .flatMap((attempt) => attempt.members)
    .filter(({ unblockLatencyMs }) => unblockLatencyMs !== null);
  if (members.length === 0) return 'Nobody opened late after what it waited for.';
  const most = members.map(({ unblockLatencyMs }) => unblockLatencyMs!);
  const widths = members.map(
    ({ unblockLatencyMs, atLeastMs }) => unblockLatencyMs! - (atLeastMs.unblockLatencyMs ?? unblockLatencyMs!),
  );
  const known = widths.every((width) => width === 0) ? '' : `; known within ${spread(widths)}`;
  return `Unblock latency, least / median / most: ${spread(most)}${known}.`;
}

function aimSentence(judged: readonly Judged[]): string[] {
  const offsets = judged.flatMap(({ aimedMs }) => aimedMs ?? []);
  if (offsets.length === 0) return [];
  const near = offsets.filter((offset) => Math.abs(offset) <= NEAR_MS).length;
  const signed = (ms: number): string => `${ms < 0 ? '−' : '+'}${formatDuration(Math.abs(ms))}`;
  return [
    `${offsets.length} openings were aimed at the timer of another member, and came from ${signed(Math.min(...offsets))} to ${signed(Math.max(...offsets))} of it, ${near} of them within ${formatDuration(NEAR_MS)}.`,
  ];
}

/** What counts as near to a timer. */
const NEAR_MS = 300;

/** `12 ms / 40 ms / 1.2 s` */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  return [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!].map(formatDuration).join(' / ');
}
