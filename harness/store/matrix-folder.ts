/**
 * The folder that a matrix leaves: matrix.json, attempts.ndjson (as they came), the rolls' folders in rolls/, and its
 * reports.
 */
import { appendFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../input/errors.ts';
import { checkJson, formatOf, parseJson } from '../input/json.ts';
import { readText } from '../input/yaml.ts';
import { Attempt, type Judged, MATRIX_FORMAT, Results } from '../matrix/results.ts';
import { cellResults, documentOf, judgedOf } from '../matrix/state.ts';
import { json, newFolder, pointTo } from './run-folder.ts';

const FILES = { matrix: 'matrix.json', attempts: 'attempts.ndjson' } as const;
const ROLLS = 'rolls';
const LATEST = 'latest-matrix';

/** What can be said of results, by the name of the file that says it. */
export type MatrixReports = Readonly<Record<string, (results: Results) => string>>;

/** The newest whole matrix: a share is no measure for the next, which must be cut in the same way. */
export function latestMatrix(runs: string): string {
  return join(runs, LATEST);
}

/** Where the rolls of a matrix leave their folders. */
export function rollsOf(matrix: string): string {
  return join(matrix, ROLLS);
}

export class MatrixFolder {
  readonly path: string;
  readonly #reports: MatrixReports;
  #trouble: string | null = null;

  private constructor(path: string, reports: MatrixReports) {
    this.path = path;
    this.#reports = reports;
    mkdirSync(this.rolls, { recursive: true });
  }

  /** Make one. @param runs the folder of all runs */
  static make(runs: string, id: string, results: Results, reports: MatrixReports): MatrixFolder {
    const folder = new MatrixFolder(newFolder(runs, 'matrix', id), reports);
    folder.save(results);
    if (results.shard === null) folder.#attempt(() => pointTo(folder.path, LATEST));
    return folder;
  }

  /** Go on with one. Whatever was cut short at the end of its attempts is gone after this. */
  static reopen(path: string, results: Results, reports: MatrixReports): MatrixFolder {
    const folder = new MatrixFolder(path, reports);
    folder.save(results);
    return folder;
  }

  /** What could not be written, and why, in a sentence; null where everything could. */
  get trouble(): string | null {
    return this.#trouble;
  }

  get rolls(): string {
    return rollsOf(this.path);
  }

  /** Add an attempt, at once: a rig that is killed leaves what it has seen. */
  add(attempt: Attempt): void {
    this.#attempt(() => appendFileSync(join(this.path, FILES.attempts), lineOf(attempt)));
  }

  /** Save all that is known by now, and the reports that say it. */
  save(results: Results): void {
    this.#attempt(() => {
      // In one go: the next matrix reads the durations of this one, even if its rig was killed while it wrote.
      const whole = join(this.path, FILES.matrix);
      writeFileSync(`${whole}.new`, json(documentOf(results)));
      renameSync(`${whole}.new`, whole);
      writeFileSync(join(this.path, FILES.attempts), results.attempts.map(lineOf).join(''));
      for (const [name, report] of Object.entries(this.#reports)) writeFileSync(join(this.path, name), report(results));
    });
  }

  /** What is known is told whatever becomes of the folder. */
  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#trouble ??= `${this.path} is not whole: ${(error as Error).message}`;
    }
  }
}

/** Whether a folder is that of a matrix. */
export function holdsMatrix(folder: string): boolean {
  return existsSync(join(folder, FILES.matrix));
}

/**
 * Read the results of a matrix.
 * @param where the folder of a matrix, or a file such as its matrix.json
 * @throws InputError naming the file that is missing or not what it should be
 */
export function readResults(where: string): Results {
  if (where.endsWith('.json')) return readDocument(where);
  if (!existsSync(join(where, FILES.matrix)))
    throw new InputError(`${where}: no matrix was left here: there is no ${FILES.matrix}`);
  const results = readDocument(join(where, FILES.matrix));
  const file = join(where, FILES.attempts);
  return existsSync(file) ? { ...results, attempts: readAttempts(file) } : results;
}

function readDocument(file: string): Results {
  const document = parseJson(readText(file, 'result of a matrix'), file);
  if (formatOf(document) === 1)
    throw new InputError(`${file}: results of format 1, which an earlier rig wrote: begin the matrix anew`);
  return checkJson(document, file, Results, `not the result of a matrix of format ${MATRIX_FORMAT}`);
}

/** A roll of a matrix that came to a verdict. */
export interface SavedRoll {
  /** Its cell, and which of several rolls of it. */
  readonly name: string;
  /** Its folder. */
  readonly path: string;
  /** What was judged when it was rolled. */
  readonly verdict: Judged['verdict'];
}

/**
 * In the order of the matrix.
 * @throws InputError as readResults, or where no roll came to a verdict
 */
export function savedRolls(folder: string): SavedRoll[] {
  const rolls = cellResults(readResults(folder)).flatMap(({ cell, attempts }) =>
    judgedOf(attempts).map((attempt) => ({
      name: attempts.length === 1 ? cell.id : `${cell.id}, repeat ${attempt.repeat}`,
      path: join(folder, attempt.folder),
      verdict: attempt.verdict,
    })),
  );
  if (rolls.length === 0) throw new InputError(`${folder}: no roll of this matrix came to a verdict`);
  return rolls;
}

/** A last line without an end was being written when its rig was killed. */
function readAttempts(file: string): Attempt[] {
  const lines = readText(file, 'list of attempts').split('\n').slice(0, -1);
  return lines.map((line, index) => {
    const where = `${file}:${index + 1}`;
    return checkJson(parseJson(line, where), where, Attempt, 'not an attempt');
  });
}

function lineOf(attempt: Attempt): string {
  return `${JSON.stringify(attempt)}\n`;
}
