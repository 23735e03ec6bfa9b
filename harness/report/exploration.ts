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
  const hasPatches = answers.some(isAboutPatches);
  const table = plainTable([
    'strategy',
    'wake-ups',
    ...(hasPatches ? ['patches'] : []),
    'step',
    'states',
    'stuck',
    'unsafe',
    ...(hasPatches ? ['misread'] : []),
    'dead',
    'livelock',
    'worst timer rounds',
  ]);
  for (const answer of answers) {
    const bad = (count: number): string => (count === 0 ? '–' : colors.red(String(count)));
    table.push([
      answer.strategy,
      answer.wakeups,
      ...(hasPatches ? [patchingWords(answer)] : []),
      `${answer.step} (${releases(answer)})`,
      answer.exhaustive ? answer.states : colors.yellow(`more than ${answer.states}`),
      bad(answer.stuck),
      bad(answer.unsafe),
      ...(hasPatches ? [bad(answer.misread)] : []),
      bad(answer.dead),
      bad(answer.livelock),
      answer.dead > 0 ? 'never' : (answer.worstTimerRounds ?? 'no bound'),
    ]);
  }
  return table.toString();
}

function releases({ from, by, to }: Answer): string {
  return [from, ...by, to].join(' → ');
}

function isAboutPatches({ hasPatches }: Answer): boolean {
  return hasPatches;
}

/** `at-start, each` */
function patchingWords({ patching }: Answer): string {
  return `${patching.when}, ${patching.by}`;
}

function pathOf(answer: Answer): string {
  const what =
    answer.unsafe > 0
      ? 'unsafe'
      : answer.misread > 0
        ? 'misread: a patch has been run on the database, and somebody serves who does not know it'
        : answer.dead > 0
          ? 'stuck or dead'
          : answer.stuck > 0
            ? 'stuck'
            : 'come back to without end';
  const patches = isAboutPatches(answer) ? `, patches ${patchingWords(answer)}` : '';
  const heading = `\n${colors.bold(`${answer.strategy}, ${answer.wakeups}${patches}, ${releases(answer)}`)}: the shortest way into a state that is ${what}`;
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
  const more = [
    [first.crash, 'crashes'],
    [first.fail, 'refreshes that fail'],
    [first.leave, 'members that leave'],
    [first.join, 'members that join'],
  ] as const;
  const changes = more.filter(([count]) => count > 0).map(([count, word]) => `up to ${count} ${word}`);
  const orders = first.refreshing === 'auto' ? 'all orders in which members ask for it' : 'all orders';
  const scope = [`${first.members} members`, orders, ...notices, ...changes].join(', ');
  const unseen = answers.filter((answer) => !answer.exhaustive).length;
  if (unseen > 0) {
    return colors.yellow(
      `Not exhaustive: ${unseen} of ${answers.length} searches gave up at a bound (--most-states, --most-memory). What they did not find may still be there.`,
    );
  }
  const fine = answers.filter(isFine);
  const states = fine.reduce((sum, answer) => sum + answer.states, 0);
  const patched = fine.some(isAboutPatches) ? ', nobody serves who does not know a patch that was run' : '';
  const proof = `${scope}, all states (${states}): nobody waits for a timer, nobody opens early, no update is applied twice${patched}`;
  if (fine.length === answers.length) return colors.green(`Proved, within the model: ${proof}.`);
  const short = answers.length - fine.length;
  const rest = fine.length === 0 ? '' : ` For the other ${fine.length} it is proved, within the model: ${proof}.`;
  return `${colors.red(`${short} of ${answers.length} fall short.`)}${rest}`;
}
