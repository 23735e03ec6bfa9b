/** Every kind of file that the rig reads: a sound one, what may have become of it, and what the commands then do with it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { z } from 'zod';
import { plansFrom } from '../../harness/cli/options.ts';
import { roll } from '../../harness/cli/roll-plan.ts';
import { paths } from '../../harness/host/paths.ts';
import { Description } from '../../harness/input/description.ts';
import { InputError } from '../../harness/input/errors.ts';
import { RecordsFile, Scenario } from '../../harness/input/scenario.ts';
import { VersionFile } from '../../harness/input/versions.ts';
import { Attempt, Results } from '../../harness/matrix/results.ts';
import { matrixFile } from '../../harness/matrix/spec.ts';
import type { Plan } from '../../harness/plan/plan.ts';
import { processRuntime } from '../../harness/runtime/process.ts';
import { SavedPlan } from '../../harness/store/plan-schema.ts';
import { formatTrace } from '../../harness/trace/file.ts';
import { MemberEvent, RigEvent } from '../../harness/trace/schema.ts';
import type { Trace } from '../../harness/trace/trace.ts';
import { edited, edits, scratched, scratches } from './fuzz-edits.ts';
import * as readers from './fuzz-readers.ts';
import { fitFor } from './fuzz-schema.ts';
import { judged, OURS, resultsOf } from './results.ts';

/** A kind of file. */
export interface Input {
  readonly name: string;
  /** Its name in the folder in which it is tried. */
  readonly file: string;
  /** What else lies there. */
  readonly beside: Readonly<Record<string, string>>;
  /** What it looks like where nothing has become of it. */
  readonly sound: string;
  readonly text: fc.Arbitrary<string>;
  /** All that the commands do with it, up to where a real member would be started. @returns what reaches the terminal */
  readonly read: (folder: string) => Promise<string> | string;
}

/** The plans and traces of two real rolls: of our own daemon with a stall, and of a described one. */
export interface Saved {
  readonly ours: { readonly plan: Plan; readonly trace: Trace };
  readonly described: { readonly plan: Plan; readonly trace: Trace };
}

const DOUBLE = join(import.meta.dirname, 'double.yaml');

export async function saveRolls(): Promise<Saved> {
  const runs = mkdtempSync(join(tmpdir(), 'rig-fuzz-runs-'));
  const rolled = async ([plan]: readonly Plan[]) => {
    const options = { runtime: processRuntime(), runs, signal: new AbortController().signal, fresh: true };
    const { trace } = await roll(plan!, options);
    return { plan: plan!, trace };
  };
  try {
    const [ours, described] = await Promise.all([
      rolled(plansFrom(undefined, { strategy: 'combined', wait: '1s', runtime: 'process' })),
      rolled(plansFrom(undefined, { daemon: DOUBLE, runtime: 'process' })),
    ]);
    return { ours, described };
  } finally {
    rmSync(runs, { recursive: true });
  }
}

export function inputsOf({ ours, described }: Saved): Input[] {
  const results = resultsOf({ pairs: ['v1-v2'] }, [judged('v1-v2/123/split/latched/sqlite/3', 1, true)]);
  const attempts = results.cells.flatMap(({ id }) => [judged(id, 1, true), judged(id, 2, false)]);
  const matrix = JSON.stringify(results, null, 1);
  const shipped = (name: string): string => readFileSync(join(paths.fixtures, name), 'utf8');
  const schema = matrixFile(OURS);
  return [
    ...[ours, described].flatMap(({ plan, trace }): Input[] => {
      const beside = { 'plan.json': JSON.stringify(plan, null, 1), 'trace.ndjson': formatTrace(trace) };
      const name = plan.daemon.name;
      return [
        {
          name: `plan of ${name}`,
          file: 'plan.json',
          beside,
          sound: beside['plan.json'],
          text: jsonText(plan, SavedPlan),
          read: readers.readPlanFile,
        },
        {
          name: `trace of ${name}`,
          file: 'trace.ndjson',
          beside,
          sound: beside['trace.ndjson'],
          text: traceText(trace),
          read: readers.readRunFolder,
        },
      ];
    }),
    yaml(
      'scenario',
      readFileSync(join(paths.fixtures, 'revert-recorded.yaml'), 'utf8'),
      Scenario,
      readers.readScenario,
      {
        'records.yaml': shipped('records.yaml'),
      },
    ),
    yaml('records', shipped('records.yaml'), RecordsFile, readers.readRecords, {
      'scenario.yaml': 'records: records.yaml\n',
    }),
    yaml('matrix', shipped('matrix.yaml'), schema, readers.readMatrix),
    yaml('description', readFileSync(DOUBLE, 'utf8'), Description, readers.readDescription),
    yaml('version', readFileSync(join(paths.versions, 'v2.yaml'), 'utf8'), VersionFile, readers.readVersion),
    {
      name: 'results',
      file: 'matrix.json',
      beside: {},
      sound: matrix,
      text: jsonText(results, Results),
      read: readers.readMatrixFolder,
    },
    {
      name: 'attempts',
      file: 'attempts.ndjson',
      beside: { 'matrix.json': matrix },
      sound: attempts.map((attempt) => `${JSON.stringify(attempt)}\n`).join(''),
      text: linesText(attempts, fitFor(Attempt)),
      read: readers.readMatrixFolder,
    },
  ];
}

/** Put an input into a folder of its own, and have it read. */
export async function tryInput(input: Input, text: string): Promise<string> {
  const folder = layOut(input, text);
  try {
    return await input.read(folder);
  } catch (error) {
    if (error instanceof InputError && !error.message.startsWith(folder))
      throw new Error(`an error that does not name its place: ${error.message}`);
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A folder with an input, and what belongs beside it. */
export function layOut({ file, beside, name }: Input, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rig-fuzz-'));
  if (name === 'version') cpSync(join(paths.versions, 'schema'), join(folder, 'schema'), { recursive: true });
  for (const [other, content] of Object.entries(beside)) writeFileSync(join(folder, other), content);
  writeFileSync(join(folder, file), text);
  return folder;
}

function yaml(name: string, text: string, schema: z.ZodType, read: Input['read'], beside: Input['beside'] = {}): Input {
  const document: unknown = parse(text);
  // JSON is YAML.
  const other = fc.oneof(
    { weight: 3, arbitrary: edits.map((all) => JSON.stringify(edited(document, all), null, 1)) },
    { weight: 2, arbitrary: scratches.map((all) => scratched(text, all)) },
    { weight: 2, arbitrary: fitFor(schema).map((value) => JSON.stringify(value, null, 1)) },
  );
  return { name, file: `${name}.yaml`, beside, sound: text, text: other, read };
}

function jsonText(document: unknown, schema: z.ZodType): fc.Arbitrary<string> {
  const text = JSON.stringify(document);
  return fc.oneof(
    { weight: 4, arbitrary: edits.map((all) => `${JSON.stringify(edited(document, all))}`) },
    { weight: 1, arbitrary: scratches.map((all) => scratched(text, all)) },
    { weight: 2, arbitrary: fitFor(schema).map((value) => JSON.stringify(value)) },
  );
}

/** Lines of JSON: edited as one list, scratched as one text, or with other lines among them. */
function linesText(lines: readonly unknown[], line: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const textOf = (all: unknown): string =>
    Array.isArray(all) ? all.map((one) => `${JSON.stringify(one)}\n`).join('') : `${JSON.stringify(all)}\n`;
  const insertions = fc.array(fc.tuple(fc.nat(), line), { minLength: 1, maxLength: 20 });
  return fc.oneof(
    { weight: 4, arbitrary: edits.map((all) => textOf(edited(lines, all))) },
    { weight: 1, arbitrary: scratches.map((all) => scratched(textOf(lines), all)) },
    { weight: 4, arbitrary: insertions.map((all) => textOf(withLines(lines, all))) },
  );
}

function withLines(lines: readonly unknown[], insertions: ReadonlyArray<readonly [number, unknown]>): unknown[] {
  const copy = [...lines];
  for (const [at, line] of insertions) copy.splice(1 + (at % copy.length), 0, line);
  return copy;
}

/** Of traces also those that nobody has ever rolled: events that fit the schema, and nothing else, in the time of a real one. */
function traceText(trace: Trace): fc.Arbitrary<string> {
  const began = trace[0]!;
  const [fromNs, toNs] = [began.atNs, trace.at(-1)!.atNs];
  const event = fc
    .tuple(fc.oneof(fitFor(MemberEvent), fitFor(RigEvent)), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([about, when]) => {
      if (typeof about !== 'object' || about === null || Array.isArray(about)) return about;
      const atNs = Math.round(fromNs + when * (toNs - fromNs));
      const timed = 'decidedNs' in about ? { decidedNs: atNs - 1000 } : {};
      return { ...about, atNs, ...timed };
    });
  const invented = fc
    .array(event, { maxLength: 60 })
    .map((events) => [began, ...events].map((one) => `${JSON.stringify(one)}\n`).join(''));
  return fc.oneof({ weight: 3, arbitrary: linesText(trace, event) }, { weight: 1, arbitrary: invented });
}
