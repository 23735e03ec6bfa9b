/** What the commands do with a file, one after another, without a process of its own for each: all that they print. */
import { join } from 'node:path';
import { begun, resumed } from '../../harness/cli/matrix-job.ts';
import { daemonOf } from '../../harness/cli/matrix-options.ts';
import { MATRIX_REPORTS } from '../../harness/cli/matrix-reports.ts';
import { plansFrom } from '../../harness/cli/options.ts';
import { errorText } from '../../harness/cli/outcome.ts';
import { pageRollOf } from '../../harness/cli/page-of-run.ts';
import { planText } from '../../harness/cli/plan.ts';
import { jsonText } from '../../harness/cli/print.ts';
import { daemonOfPlan } from '../../harness/cli/roll-plan.ts';
import { chooseDaemon } from '../../harness/daemon/choose.ts';
import { InputError } from '../../harness/input/errors.ts';
import { readVersions } from '../../harness/input/versions.ts';
import { deviationOf } from '../../harness/judge/conform.ts';
import { judge } from '../../harness/judge/judge.ts';
import { merge } from '../../harness/matrix/merge.ts';
import { documentOf } from '../../harness/matrix/state.ts';
import { stepKind } from '../../harness/plan/step-kind.ts';
import { chromeTrace } from '../../harness/report/chrome-trace.ts';
import { comparison } from '../../harness/report/comparison.ts';
import { matrixReport } from '../../harness/report/grid.ts';
import { lanesOf } from '../../harness/report/lanes.ts';
import { otlpTrace } from '../../harness/report/otlp.ts';
import { comparisonPage, rollPage } from '../../harness/report/page.ts';
import { storyOf } from '../../harness/report/story.ts';
import { headline, terminalReport } from '../../harness/report/terminal.ts';
import { readResults } from '../../harness/store/matrix-folder.ts';
import { readPlan } from '../../harness/store/plan-file.ts';
import { readRun } from '../../harness/store/run-folder.ts';
import { rigEvents } from '../../harness/trace/trace.ts';

/** judge, report, conform, and the plan as replay tells it. */
export async function readRunFolder(folder: string): Promise<string> {
  const { plan, trace } = readRun(folder);
  const verdict = judge(plan, trace);
  const lanes = lanesOf(plan, trace);
  if (lanes !== null) {
    storyOf(lanes);
    JSON.stringify(chromeTrace(plan.name, lanes));
    const began = rigEvents(trace, 'began')[0]!;
    otlpTrace(plan, lanes, began.startedAt, began.atNs);
  }
  const page = pageRollOf(folder, 'one', plan, trace, verdict);
  await rollPage(page);
  await comparisonPage([page, { ...page, label: 'other' }]);
  const side = { label: 'one', plan, trace, verdict };
  return [
    headline(plan),
    terminalReport(plan, trace, verdict),
    comparison([side, side], 'their page'),
    plan.daemon.model === null ? '' : (deviationOf(plan, trace) ?? ''),
    jsonText(verdict),
  ].join('\n');
}

export async function readPlanFile(folder: string): Promise<string> {
  const plan = readPlan(join(folder, 'plan.json'));
  daemonOfPlan(plan).places(Object.keys(plan.versions));
  return [planText(plan), await readRunFolder(folder)].join('\n');
}

export function readScenario(folder: string): string {
  return textOfPlans(join(folder, 'scenario.yaml'), {});
}

export function readRecords(folder: string): string {
  return textOfPlans(join(folder, 'scenario.yaml'), {});
}

export function readDescription(folder: string): string {
  const daemon = join(folder, 'description.yaml');
  const { versions, about } = chooseDaemon(daemon);
  const kinds = [...versions.values()].map((version) => stepKind([...versions.values()][0]!, version));
  return [...kinds, ...about.values(), textOfPlans(undefined, { daemon })].join('\n');
}

function textOfPlans(file: string | undefined, flags: Parameters<typeof plansFrom>[1]): string {
  const plans = plansFrom(file, flags);
  // What is saved of it, the rig itself must read again.
  return plans
    .slice(0, 3)
    .map((plan) => planText(plan))
    .join('\n');
}

export function readVersion(folder: string): string {
  const versions = [...readVersions(folder).values()].map(({ build }) => build.version);
  return versions.map((version) => `${version.name} ${stepKind(versions[0]!, version)}`).join('\n');
}

export function readMatrix(folder: string): string {
  const file = join(folder, 'matrix.yaml');
  const rolled = daemonOf(file, {});
  const { cells } = begun(file, {}, rolled);
  return cells.map(({ id, impossible }) => `${id} ${impossible ?? ''}`).join('\n');
}

/** report, merge and resume. */
export function readMatrixFolder(folder: string): string {
  const results = readResults(folder);
  jsonText(documentOf(results));
  for (const report of Object.values(MATRIX_REPORTS)) report(results);
  const { conflicts } = merge([
    { folder, results },
    { folder: 'other', results },
  ]);
  return [matrixReport(results), ...conflicts, resumedWords(folder)].join('\n');
}

/** That a matrix cannot be gone on with is no reason not to report it. */
function resumedWords(folder: string): string {
  try {
    return String(resumed(folder, undefined, {}, chooseDaemon).cells.length);
  } catch (error) {
    if (error instanceof InputError) return errorText(error.message);
    throw error;
  }
}
