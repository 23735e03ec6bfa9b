/** `refresh-rig conform RUN`: whether the machine allows what a saved roll did, or what every roll of a matrix did. */
import { Command } from 'commander';
import { InputError } from '../input/errors.ts';
import { deviationOf } from '../judge/conform.ts';
import { isCutShort } from '../judge/evidence.ts';
import { damageOf, missedWords } from '../judge/missed.ts';
import { tells } from '../plan/daemon.ts';
import type { Plan } from '../plan/plan.ts';
import { roomOf, shortList, wrapped } from '../report/screen.ts';
import { holdsMatrix, savedRolls } from '../store/matrix-folder.ts';
import { readRun } from '../store/run-folder.ts';
import { EXIT, type ExitCode } from './outcome.ts';
import { printJson } from './print.ts';

export function conformCommand(): Command {
  return new Command('conform')
    .argument('[run]', 'the folder of a run, or of a matrix', 'runs/latest')
    .option('--json', 'print JSON; of a matrix, an array with an entry for each of its rolls')
    .action((run: string, { json }: { json?: boolean }) => {
      process.exitCode = holdsMatrix(run) ? conformMatrix(run, json === true) : conformRoll(run, json === true);
    });
}

function conformRoll(run: string, json: boolean): ExitCode {
  const { name, deviation, end } = deviationIn(run);
  if (json) printJson({ conforms: deviation === null, deviation, ...(end === null ? {} : { asFarAs: end }) });
  else
    console.log(
      wrapped(
        deviation === null ? conformsWords(name, end) : `${name} ${deviationWords(deviation)}.`,
        roomOf(process.stdout),
      ),
    );
  return deviation === null ? EXIT.holds : EXIT.broken;
}

function conformsWords(name: string, end: string | null): string {
  return end === null
    ? `${name} conforms: the machine allows every step.`
    : `${name} conforms as far as its trace goes: the machine allows every step of it, and ${end}.`;
}

function deviationWords(deviation: string): string {
  return `does not conform: ${deviation}`;
}

function conformMatrix(folder: string, json: boolean): ExitCode {
  const rolls = savedRolls(folder).map(({ name, path }) => ({ roll: name, deviation: deviationIn(path).deviation }));
  const deviant = rolls.filter(({ deviation }) => deviation !== null);
  if (json) printJson(rolls.map(({ roll, deviation }) => ({ roll, conforms: deviation === null, deviation })));
  else {
    const screen = roomOf(process.stdout);
    const lines = deviant.flatMap(({ roll, deviation }) =>
      wrapped(`${roll} ${deviationWords(deviation!)}.`, screen, 2).split('\n'),
    );
    const shown = shortList(lines, screen.rows - 1, (left) => `… and ${left} more lines: add --json`);
    console.log([...shown, `${rolls.length - deviant.length} of ${rolls.length} rolls conform`].join('\n'));
  }
  return deviant.length === 0 ? EXIT.holds : EXIT.broken;
}

interface Conformance {
  readonly name: string;
  readonly deviation: string | null;
  /** Why there is no more of the roll; null where its trace has all of it. */
  readonly end: string | null;
}

/** @throws InputError where there is no such run, or no machine to hold it against */
function deviationIn(run: string): Conformance {
  const { plan, trace } = readRun(run);
  refuseUnmodelled(plan);
  // What a step follows from may be what is missing.
  const missed = missedWords(trace, damageOf(plan, trace));
  const deviation =
    deviationOf(plan, trace) ?? (missed === null ? null : `its trace is not whole, or not of its plan: ${missed}`);
  return { name: plan.name, deviation, end: isCutShort(trace) ? 'the roll was cut short there' : null };
}

/** @throws InputError where there is no machine to hold the roll against */
function refuseUnmodelled({ daemon }: Plan): void {
  if (daemon.model === null)
    throw new InputError(
      `${daemon.name} has no model: say in its description which row of the table models it (model: …)`,
    );
  if (!tells(daemon, 'recorded'))
    throw new InputError(
      `nothing tells what members of ${daemon.name} have recorded: add a probe with rows to its description`,
    );
}
