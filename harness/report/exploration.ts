/** What an exploration found, as text for a terminal. */
import colors from 'picocolors';
import { type Answer, isFine } from '../explore/explore.ts';
import { tell } from '../explore/tell.ts';
import { plainTable } from './terminal.ts';

/** A table, the shortest way into each state that falls short, and the statement that this proves. */
export function exploration(answers: readonly Answer[]): string {
  return [
    tableOf(answers),
    ...answers.filter((answer) => answer.path !== null).map(pathOf),
    '',
    statement(answers),
  ].join('\n');
}

function tableOf(answers: readonly Answer[]): string {
  const table = plainTable([
    'strategy',
    'wake-ups',
    'step',
    'states',
    'stuck',
    'unsafe',
    'dead',
    'livelock',
    'worst timer rounds',
  ]);
  for (const answer of answers) {
    const bad = (count: number): string => (count === 0 ? '–' : colors.red(String(count)));
    table.push([
      answer.strategy,
      answer.wakeups,
      `${answer.step} (${answer.from} → ${answer.to})`,
      answer.exhaustive ? answer.states : colors.yellow(`more than ${answer.states}`),
      bad(answer.stuck),
      bad(answer.unsafe),
      bad(answer.dead),
      bad(answer.livelock),
      answer.dead > 0 ? 'never' : (answer.worstTimerRounds ?? 'no bound'),
    ]);
  }
  return table.toString();
}

function pathOf(answer: Answer): string {
  const what =
    answer.unsafe > 0
      ? 'unsafe'
      : answer.dead > 0
        ? 'stuck or dead'
        : answer.stuck > 0
          ? 'stuck'
          : 'come back to without end';
  const heading = `\n${colors.bold(`${answer.strategy}, ${answer.wakeups}, ${answer.from} → ${answer.to}`)}: the shortest way into a state that is ${what}`;
  return [heading, ...answer.path!.map((told, index) => `${String(index + 1).padStart(4)}. ${tell(told)}`)].join('\n');
}

function statement(answers: readonly Answer[]): string {
  const [first] = answers;
  if (first === undefined) return '';
  const faults = [
    [first.lose, 'lost'],
    [first.duplicate, 'duplicated'],
  ] as const;
  const notices = faults.filter(([count]) => count > 0).map(([count, word]) => `up to ${count} notices ${word}`);
  const crashes = first.crash > 0 ? [`up to ${first.crash} crashes`] : [];
  const scope = [`${first.members} members`, 'all orders', ...notices, ...crashes].join(', ');
  const unseen = answers.filter((answer) => !answer.exhaustive).length;
  if (unseen > 0) {
    return colors.yellow(
      `Not exhaustive: ${unseen} of ${answers.length} searches gave up at a bound (--most-states, --most-memory). What they did not find may still be there.`,
    );
  }
  const fine = answers.filter(isFine);
  const states = fine.reduce((sum, answer) => sum + answer.states, 0);
  const proof = `${scope}, all states (${states}): nobody waits for a timer, nobody opens early, no update is applied twice`;
  if (fine.length === answers.length) return colors.green(`Proved, within the model: ${proof}.`);
  const short = answers.length - fine.length;
  const rest = fine.length === 0 ? '' : ` For the other ${fine.length} it is proved, within the model: ${proof}.`;
  return `${colors.red(`${short} of ${answers.length} fall short.`)}${rest}`;
}
