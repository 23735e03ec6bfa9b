/** `refresh-rig matrix`: roll every cell of a matrix, several at once, and show what came of each. */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { nowNs } from '../../node/clock.ts';
import { formatDuration } from '../../node/duration.ts';
import { chooseDaemon } from '../daemon/choose.ts';
import { invocation } from '../host/invocation.ts';
import { InputError } from '../input/errors.ts';
import { type Cell, cellsOf, isPossible } from '../matrix/cells.ts';
import { bearableJobs, rollMatrix, type Watcher } from '../matrix/roll-matrix.ts';
import { MOST_SHARDS, shardName } from '../matrix/shard.ts';
import { documentOf } from '../matrix/state.ts';
import { matrixReport } from '../report/grid.ts';
import { watchMatrix } from '../report/progress.ts';
import { roomOf } from '../report/screen.ts';
import { MatrixFolder } from '../store/matrix-folder.ts';
import { removeLeftovers } from './clean.ts';
import { wholeNumberIn } from './flags.ts';
import { Interrupted, interruptSignal } from './interrupt.ts';
import { begun, type MatrixJob, type MatrixJobFlags, resumed, tasksOf } from './matrix-job.ts';
import { daemonOf, inPlaceOfSpec, specOf, withSpecFlags } from './matrix-options.ts';
import { MATRIX_REPORTS } from './matrix-reports.ts';
import { findShipped, runsFolder } from './options.ts';
import { EXIT, exitCodeOfMatrix } from './outcome.ts';
import { printJson } from './print.ts';
import { cellRoller } from './roll-cell.ts';
import { daemonOfPlan } from './roll-plan.ts';
import { runtimeFor } from './runtime.ts';
import { withGiven } from './survey.ts';

interface MatrixFlags extends MatrixJobFlags {
  readonly jobs?: string;
  readonly shards?: string;
  readonly resume?: string;
  readonly failFast?: boolean;
  readonly format?: 'github';
  readonly json?: boolean;
}

export function matrixCommand(): Command {
  return withSpecFlags(new Command('matrix'))
    .option(
      '--jobs <number>',
      'how many rolls at once (default: what the machine bears); budgets are judged with 1 only',
    )
    .option('--shard <share>', 'roll only a share of about equal length, such as 2/4')
    .option(
      '--durations <run>',
      'the matrix whose durations cut the shards (default: runs/latest-matrix, if there is one)',
    )
    .option('--resume <run>', 'go on with a matrix that was interrupted, where it stopped')
    .option('--fail-fast', 'end at the first roll that does not hold')
    .addOption(
      new Option('--format <format>', 'print the jobs of a GitHub Actions matrix, and roll nothing').choices([
        'github',
      ]),
    )
    .option('--shards <number>', 'how many jobs --format github prints (default: 4)')
    .option('--json', 'print the results as JSON, and nothing else on stdout')
    .action(async (named: string | undefined, flags: MatrixFlags) => {
      const file = findShipped(named);
      const rolled = daemonOf(file, flags);
      if (flags.format === 'github')
        return printJobs(
          inPlaceOfSpec(file, flags, () => cellsOf(specOf(file, flags, rolled), rolled)),
          flags,
        );
      if (flags.shards !== undefined)
        throw new InputError('--shards: it goes with --format github; a share is --shard 2/4');
      // A description that is not shipped has no name by which a resumed matrix could find it.
      const choose = (daemon: string | undefined) => (rolled.described === null ? chooseDaemon(daemon) : rolled);
      const job = flags.resume === undefined ? begun(file, flags, rolled) : resumed(flags.resume, file, flags, choose);
      await carryOut(job, flags);
    });
}

async function carryOut(job: MatrixJob, flags: MatrixFlags): Promise<void> {
  const { spec, path, recordedMs } = job;
  const quiet = flags.json === true;
  const say = (line: string): void => void (quiet ? process.stderr : process.stdout).write(`${colors.dim(line)}\n`);
  const jobs =
    flags.jobs === undefined
      ? bearableJobs(Math.max(...spec.members))
      : wholeNumberIn('jobs', flags.jobs, 1, MOST_JOBS);
  const tasks = tasksOf(job);
  const plans = job.cells.filter(isPossible).map(({ plan }) => plan);
  const [first, ...others] = plans;
  if (first === undefined)
    throw new InputError('no cell of this matrix can be rolled: its strategies cannot take its pairs');
  const { runtime, because } = await runtimeFor(first, ...others);
  say(`${tasks.length} rolls, ${jobs} at a time; runtime: ${runtime.name}, ${because}`);
  for (const leftover of await removeLeftovers(runtime)) say(`removed a leftover of an earlier rig: ${leftover}`);
  const results = { ...job.results, jobs, versions: { ...job.results.versions }, attempts: [...job.results.attempts] };
  const folder =
    path === null
      ? MatrixFolder.make(runsFolder(), randomBytes(4).toString('hex'), results, MATRIX_REPORTS)
      : MatrixFolder.reopen(path, results, MATRIX_REPORTS);
  const { signal, hurry, release } = interruptSignal();
  const progress = quiet ? null : watchMatrix(tasks, jobs, recordedMs);
  const watcher: Watcher = {
    began: (task) => progress?.watcher.began(task),
    ended: (task, attempt) => {
      if (attempt !== null) {
        results.attempts.push(attempt);
        folder.add(attempt);
      }
      progress?.watcher.ended(task, attempt);
    },
  };
  const startNs = nowNs();
  try {
    // Once, before all: several rolls must not build the same thing at the same time.
    const names = new Set(tasks.flatMap(({ cell }) => Object.keys(cell.plan.versions)));
    const artifacts = await daemonOfPlan(first).build([...names]);
    await runtime.prepare([...artifacts.values()], { say, signal });
    const daemon = daemonOfPlan(first);
    for (const plan of plans) {
      const { versions } = await withGiven(plan, { daemon, artifacts, runtime, signal, say });
      for (const [name, version] of Object.entries(versions))
        results.versions[name] = { ...version, extensions: [...version.extensions] };
    }
    const where = { folder: folder.path, rolls: folder.rolls };
    const again = new Map(results.cells.map((cell) => [cell.id, cell.again]));
    const rollOne = cellRoller({ ...where, runtime, hurry, alone: jobs === 1, again });
    await rollMatrix(tasks, { rollOne, jobs, failFast: flags.failFast === true, signal, watcher });
  } finally {
    await progress?.end();
    release();
    folder.save(results);
  }
  if (signal.aborted && !(signal.reason instanceof Interrupted)) throw signal.reason;
  if (quiet) printJson(documentOf(results));
  else console.log(`\n${matrixReport(results, 'report.txt in its folder', roomOf(process.stdout))}`);
  say(`took ${formatDuration((nowNs() - startNs) / 1e6)}; saved in ${relative(process.cwd(), folder.path)}`);
  if (signal.aborted) say(`go on with: ${invocation()} matrix --resume ${relative(process.cwd(), folder.path)}`);
  const code = signal.aborted ? EXIT.interrupted : exitCodeOfMatrix(results);
  if (folder.trouble !== null) process.stderr.write(`${colors.red('error:')} ${folder.trouble}\n`);
  process.exitCode = folder.trouble !== null && code === EXIT.holds ? EXIT.environment : code;
}

const DEFAULT_SHARDS = 4;
const MOST_JOBS = 100;

/** No more jobs than there are cells: an empty one would only cost its set-up. */
function printJobs(cells: readonly Cell[], flags: MatrixFlags): void {
  const count = Math.min(
    flags.shards === undefined ? DEFAULT_SHARDS : wholeNumberIn('shards', flags.shards, 1, MOST_SHARDS),
    cells.length,
  );
  const shards = Array.from({ length: count }, (_, index) => ({ shard: shardName({ index: index + 1, count }) }));
  console.log(JSON.stringify({ include: shards }));
}
