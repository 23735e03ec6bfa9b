/** `refresh-rig merge DIR…`: join the results of shards, or of several runs of one matrix, into one report. */
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, realpathSync } from 'node:fs';
import { relative } from 'node:path';
import { Command } from 'commander';
import colors from 'picocolors';
import { merge, type Part } from '../matrix/merge.ts';
import { documentOf } from '../matrix/state.ts';
import { matrixReport } from '../report/grid.ts';
import { printable } from '../report/printable.ts';
import { roomOf } from '../report/screen.ts';
import { MatrixFolder, readResults, rollsOf } from '../store/matrix-folder.ts';
import { MATRIX_REPORTS } from './matrix-reports.ts';
import { runsFolder } from './options.ts';
import { exitCodeOfMatrix } from './outcome.ts';
import { printJson } from './print.ts';

export function mergeCommand(): Command {
  return new Command('merge')
    .argument('<dir...>', 'the folders that `matrix` left')
    .option('--json', 'print the results as JSON, and nothing else on stdout')
    .action((folders: string[], { json }: { json?: boolean }) => {
      // A link such as `latest-matrix` will soon point at what is made of it.
      const once = [...new Set(folders.map((folder) => (existsSync(folder) ? realpathSync(folder) : folder)))];
      const parts = once.map((folder): Part => ({ folder, results: readResults(folder) }));
      const { results, conflicts } = merge(parts as [Part, ...Part[]]);
      const merged = MatrixFolder.make(runsFolder(), randomBytes(4).toString('hex'), results, MATRIX_REPORTS);
      for (const folder of once) {
        if (existsSync(rollsOf(folder))) cpSync(rollsOf(folder), merged.rolls, { recursive: true });
      }
      for (const conflict of conflicts) process.stderr.write(`${colors.yellow('conflict:')} ${printable(conflict)}\n`);
      if (json) printJson(documentOf(results));
      else {
        console.log(matrixReport(results, 'report.txt in its folder', roomOf(process.stdout)));
        console.log(colors.dim(`saved in ${relative(process.cwd(), merged.path)}`));
      }
      process.exitCode = exitCodeOfMatrix(results);
    });
}
