/** What is to be said of members that went by themselves in the rolls of a matrix, and that their supervisors started again. Pure. */

import type { Results } from './results.ts';
import { judgedOf } from './state.ts';

/** A sentence for each thing that members went of: in how many rolls, and who was running the same patch meanwhile. */
export function healedSentences({ attempts }: Results): string[] {
  const judged = judgedOf(attempts);
  const exits = judged.flatMap(({ cell, repeat, healed }) =>
    healed.map((exit) => ({ ...exit, roll: `${cell} ${repeat}` })),
  );
  const byMessage = Map.groupBy(exits, ({ message, patching }) => `${message}${patching?.patch ?? ''}`);
  return [...byMessage.values()].map((own) => {
    const [{ message, patching }] = own as [(typeof own)[0]];
    const rolls = new Set(own.map(({ roll }) => roll)).size;
    const exited =
      own.length === 1
        ? 'a member exited by itself, and was started again by its supervisor'
        : `members exited by themselves, ${own.length} times in all, and were started again by their supervisor`;
    const head = `In ${rolls} of ${judged.length} rolls ${exited}: ${message}`;
    if (patching === null) return `${head}.`;
    const pairs = own.map(({ member, patching: at }) => besideWords(member, at?.beside ?? []));
    const counts = [...Map.groupBy(pairs, (pair) => pair)].map(([pair, times]) => `${pair}: ${times.length}`);
    return `${head}. Who was running the patch ${patching.patch} then: ${counts.sort().join(', ')}.`;
  });
}

/** `node02 beside node01`, `node02 alone` */
function besideWords(member: string, beside: readonly string[]): string {
  return beside.length === 0 ? `${member} alone` : `${member} beside ${beside.join(' and ')}`;
}
