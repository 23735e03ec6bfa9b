/** A matrix as JUnit XML: a suite a pair, a case a roll, and what the judge says as the text of a failure. */
import { stripVTControlCharacters } from 'node:util';
import junit, { type Builder, type TestCase, type TestSuite } from 'junit-report-builder';
import { invocation } from '../host/invocation.ts';
import type { Attempt, Results } from '../matrix/results.ts';
import { type CellResult, cellResults } from '../matrix/state.ts';

/** Its types say that the builder is a property of what it exports; it is what it exports. */
const builder = junit as unknown as Builder;

export function junitReport(results: Results): string {
  const report = builder.newBuilder().name('refresh-rig matrix');
  for (const [pair, own] of Map.groupBy(cellResults(results), ({ cell }) => cell.pair)) {
    const suite = report.testSuite().name(pair);
    for (const result of own) addCases(suite, result);
  }
  return report.build();
}

function addCases(suite: TestSuite, { cell, state, attempts }: CellResult): void {
  const named = (name: string): TestCase => suite.testCase().className(`refresh-rig.${cell.pair}`).name(name);
  if (attempts.length === 0) {
    named(cell.id)
      .skipped()
      .standardOutput(cell.impossible ?? state);
    return;
  }
  for (const attempt of attempts) {
    const name = attempts.length === 1 ? cell.id : `${cell.id}, repeat ${attempt.repeat}`;
    say(named(name).time(attempt.durationMs / 1000), attempt, cell.again);
  }
}

function say(test: TestCase, attempt: Attempt, again: string | null): void {
  if (attempt.outcome === 'no-verdict') {
    test.error(legal(attempt.because), 'no-verdict');
    return;
  }
  test.standardOutput(attempt.folder);
  if (attempt.verdict === 'holds') return;
  const lines = again === null ? [] : [`again: ${invocation()} ${again}`];
  const checks = attempt.failing.map(({ name, because }) => `${name}: ${because}`);
  test
    .failure(legal(attempt.sentence), attempt.verdict)
    .stacktrace(legal([attempt.sentence, ...checks, ...lines].join('\n')));
}

/** XML has no way to say most control characters, and what a program prints when it fails may hold them. */
function legal(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\t\n\r]/gu, '');
}
