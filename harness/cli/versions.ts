/** `refresh-rig versions [FROM TO]`: the table of versions, or the kind of the step between two. */
import { Command } from 'commander';
import { chooseDaemon } from '../daemon/choose.ts';
import { InputError } from '../input/errors.ts';
import { named } from '../input/named.ts';
import { stepKind } from '../plan/step-kind.ts';
import { printable } from '../report/printable.ts';
import { cut, screenOf } from '../report/screen.ts';
import { tableText } from '../report/table.ts';
import { printJson } from './print.ts';

export function versionsCommand(): Command {
  return new Command('versions')
    .argument('[from]', 'a version')
    .argument('[to]', 'another')
    .option('--daemon <name>', 'whose: a daemon by name, or the file of its description (default: our own)')
    .option('--json', 'print JSON')
    .action(
      (from: string | undefined, to: string | undefined, { daemon, json }: { daemon?: string; json?: boolean }) => {
        const { versions, about: abouts, described } = chooseDaemon(daemon);
        if (from === undefined) {
          const rows = [...versions.values()].map((version) => ({ ...version, about: abouts.get(version.name) ?? '' }));
          if (json) return printJson(rows);
          const cells = rows.map(({ name, internal, external, extensions, patches = [], about }) => [
            name,
            ...[internal, external, extensions.length, patches.length].map(String),
            printable(about),
          ]);
          const headings = ['version', 'internal', 'external', 'extensions', 'patches', 'about'];
          const screen = screenOf(process.stdout);
          const wrapped = tableText(headings, cells, screen).split('\n');
          // A line each where whole sentences are more than a screen.
          if (wrapped.length < screen.rows) return console.log(wrapped.join('\n'));
          return console.log(
            tableText(headings, cells)
              .split('\n')
              .map((line) => cut(line, screen))
              .join('\n'),
          );
        }
        if (to === undefined)
          throw new InputError(`versions ${from}: give a second version, to see the kind of the step to it`);
        const [older, newer] = [from, to].map((name) => named(versions, name));
        const kind = stepKind(older!, newer!, described === null ? undefined : 0);
        if (json) return printJson({ from, to, kind });
        return console.log(`${from} → ${to}: ${kind} (${STEP_WORDS[kind]})`);
      },
    );
}

export const STEP_WORDS: Readonly<Record<ReturnType<typeof stepKind>, string>> = {
  introduces: 'introduces the column api_extensions, and raises the API in the same release: the reported case',
  both: 'raises schema and API, with the column already there',
  schema: 'raises the schema only',
  api: 'raises the API only',
  patch: 'brings a local patch, and raises neither schema nor API',
  back: 'goes back to an older version',
  mixed:
    'up on one axis and down on another, or other names: whether members are turned away depends on the strategy and on what else the step raises; plan and explore say what becomes of it',
  none: 'changes nothing that a gate looks at',
};
