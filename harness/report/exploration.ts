/** What an exploration found, as text for a terminal. */
import colors from 'picocolors';
import { type Answer, isFine } from '../explore/explore.ts';
import { tell } from '../explore/tell.ts';
import { FILE, fullestThatFits, type Screen, shortList, wrapped } from './screen.ts';
import { tableText } from './table.ts';

export interface ExplorationOptions {
  readonly screen?: Screen;
  /** Everything, however long: a row for every question, and every path. */
  readonly paths?: boolean;
}

/**
 * A table, the shortest way into a state that falls short, and the statement that this proves. Of many questions, a grid says in a
 * word what came of each, and one path stands for all.
 */
export function exploration(
  answers: readonly Answer[],
  { screen = FILE, paths = false }: ExplorationOptions = {},
): string {
  const short = answers.filter((answer) => answer.path !== null);
  const table = paths || answers.length <= MOST_ROWS ? tableOf(answers, screen) : gridOf(answers, screen);
  const closing = wrapped(statement(answers), screen);
  const told = short.map((answer) => pathOf(answer, screen));
  const whole = [table, ...told, '', closing].join('\n');
  if (paths || told.length === 0 || whole.split('\n').length <= screen.rows) return whole;
  const others = told.length - 1;
  const more =
    others === 0
      ? 'It is printed whole with --paths.'
      : `The shortest ways into the other ${others}: add --paths, or ask for one of them.`;
  const below = ['', colors.dim(wrapped(more, screen)), '', closing];
  const room = screen.rows - [table, ...below].join('\n').split('\n').length;
  const path = (rows: number): readonly string[] =>
    shortList(told[0]!.split('\n'), rows, (left) => `      … and ${left} lines more`);
  const lines = (...parts: readonly string[]) => parts.flatMap((part) => part.split('\n'));
  return fullestThatFits(
    [
      () => lines(table, ...path(Math.max(FEWEST_LINES, room)), ...below),
      () => lines(table, ...below),
      () => [...shortList(table.split('\n'), room + linesIn(table), () => '…'), ...lines(...below)],
    ],
    screen.rows,
  ).join('\n');
}

/** More questions are told as a grid. */
const MOST_ROWS = 12;
/** Of a path at least so much is shown: its heading, and where it begins. */
const FEWEST_LINES = 5;

function linesIn(text: string): number {
  return text.split('\n').length;
}

/** No terminal is narrower than this, as a rule. */
const USUAL_COLUMNS = 80;

function narrow({ columns }: Screen): Pick<Screen, 'columns'> {
  return { columns: Math.min(columns, USUAL_COLUMNS) };
}

/** How a state falls short, with how an answer counts those. */
const FALLS_SHORT = ['stuck', 'unsafe', 'misread', 'dead', 'livelock'] as const satisfies ReadonlyArray<keyof Answer>;

/** How nothing falls short has no column: the statement says so of all. */
function tableOf(answers: readonly Answer[], screen: Screen): string {
  const bad = (count: number): string => (count === 0 ? '–' : colors.red(String(count)));
  const found = FALLS_SHORT.filter((how) => how === 'stuck' || answers.some((answer) => answer[how] > 0));
  const hasPatches = answers.some((answer) => answer.hasPatches);
  const rows = answers.map((answer) => [
    answer.strategy,
    answer.wakeups,
    ...(hasPatches ? [patchingWords(answer)] : []),
    `${releases(answer)} ${answer.step}`,
    answer.exhaustive ? String(answer.states) : colors.yellow(`more than ${answer.states}`),
    ...found.map((how) => bad(answer[how])),
    answer.dead > 0 ? 'never' : String(answer.worstTimerRounds ?? 'no bound'),
  ]);
  return tableText(
    ['strategy', 'wake-ups', ...(hasPatches ? ['patches'] : []), 'step', 'states', ...found, 'timer rounds'],
    rows,
    narrow(screen),
  );
}

/** A row a strategy and kind of wake-ups, a column a step, a word a question. */
function gridOf(answers: readonly Answer[], screen: Screen): string {
  const rowOf = ({ strategy, wakeups }: Answer): string => `${strategy}\n${wakeups}`;
  const columnOf = (answer: Answer): string =>
    `${releases(answer)}${answer.hasPatches ? ` ${patchingWords(answer)}` : ''}\n${answer.step}`;
  const columns = [...new Set(answers.map(columnOf))];
  const rows = [...Map.groupBy(answers, rowOf)].map(([row, own]) => [
    ...row.split('\n'),
    ...columns.map((column) => {
      const answer = own.find((candidate) => columnOf(candidate) === column);
      return answer === undefined ? '' : wordOf(answer);
    }),
  ]);
  return tableText(
    ['strategy', 'wake-ups', ...columns.map((column) => column.replace('\n', ' '))],
    rows,
    narrow(screen),
  );
}

/** The worst of what an answer found. */
function wordOf(answer: Answer): string {
  const worst = FALLS_SHORT.toReversed().find((how) => answer[how] > 0);
  if (!answer.exhaustive) return colors.yellow(worst ?? 'gave up');
  return worst === undefined ? colors.green('holds') : colors.red(worst);
}

/** `v4-v5-v6` */
function releases({ from, by, to }: Answer): string {
  return [from, ...by, to].join('-');
}

/** `at-start, each` */
function patchingWords({ patching }: Answer): string {
  return `${patching.when}, ${patching.by}`;
}

function pathOf(answer: Answer, screen: Screen): string {
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
  const heading = `\n${colors.bold(`${answer.strategy}, ${answer.wakeups}${answer.hasPatches ? `, patches ${patchingWords(answer)}` : ''}, ${[answer.from, ...answer.by, answer.to].join(' → ')}`)}: the shortest way into a state that is ${what}`;
  const steps = answer.path!.map((told, index) => {
    const number = `${String(index + 1).padStart(NUMBER)}. `;
    return `${number}${wrapped(tell(told), { columns: screen.columns - number.length }).replaceAll('\n', `\n${' '.repeat(number.length)}`)}`;
  });
  return [wrapped(heading, screen), ...steps].join('\n');
}

/** The width of a step's number. */
const NUMBER = 4;

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
  const patched = fine.some((answer) => answer.hasPatches)
    ? ', nobody serves who does not know a patch that was run'
    : '';
  const proof = `${scope}, all states (${states}): nobody waits for a timer, nobody opens early, no update is applied twice${patched}`;
  if (fine.length === answers.length) return colors.green(`Proved, within the model: ${proof}.`);
  const short = answers.length - fine.length;
  const rest = fine.length === 0 ? '' : ` For the other ${fine.length} it is proved, within the model: ${proof}.`;
  return `${colors.red(`${short} of ${answers.length} fall short.`)}${rest}`;
}
