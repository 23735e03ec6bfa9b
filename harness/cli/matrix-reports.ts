/** The reports that a matrix leaves beside its results. */
import { stripVTControlCharacters } from 'node:util';
import { matrixReport } from '../report/grid.ts';
import { junitReport } from '../report/junit.ts';
import { markdownReport } from '../report/markdown.ts';
import { matrixPage } from '../report/matrix-page.ts';
import type { MatrixReports } from '../store/matrix-folder.ts';

export const MATRIX_REPORTS: MatrixReports = {
  'report.txt': (results) => `${stripVTControlCharacters(matrixReport(results))}\n`,
  'report.md': markdownReport,
  'report.html': matrixPage,
  'results.xml': junitReport,
};
