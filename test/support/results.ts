/** Results of a matrix, made up for tests of what is pure. */

import { chooseDaemon } from '../../harness/daemon/choose.ts';
import { cellsOf } from '../../harness/matrix/cells.ts';
import { type Attempt, MATRIX_FORMAT, type Results } from '../../harness/matrix/results.ts';
import { type MatrixFile, specFrom } from '../../harness/matrix/spec.ts';

/** Our own daemon, with the versions of this repository. */
export const OURS = chooseDaemon(undefined);

export function cells(file: MatrixFile = {}) {
  return cellsOf(specFrom(OURS, file), OURS);
}

/** The results of the matrix of a file, with attempts. */
export function resultsOf(file: MatrixFile, attempts: readonly Attempt[]): Results {
  return {
    format: MATRIX_FORMAT,
    startedAt: '2026-01-01T00:00:00.000Z',
    jobs: 2,
    shard: null,
    spec: { ...specFrom(OURS, file) },
    versions: {},
    cells: cells(file).map(({ plan, ...cell }) => ({
      ...cell,
      inShare: true,
      again: `roll --from ${cell.from} --to ${cell.to} --order ${[...cell.order].join(',')}`,
    })),
    attempts: [...attempts],
  };
}

export function judged(cell: string, repeat: number, holds: boolean, sentence = 'All opened.'): Attempt {
  const failing = holds ? [] : [{ name: 'woken', because: 'only a timer ended a stall' }];
  const verdict = holds ? 'holds' : 'broken';
  const folder = `rolls/${cell.replaceAll('/', '-')}-${repeat}`;
  return {
    cell,
    repeat,
    durationMs: 1500,
    alone: false,
    outcome: 'judged',
    verdict,
    sentence,
    failing,
    healed: [],
    members: [],
    aimedMs: null,
    folder,
  };
}
