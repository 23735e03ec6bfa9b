/** Where things lie in this repository. */
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export const paths = {
  root,
  /** The daemon's sources. */
  daemon: join(root, 'node'),
  /** The sources of reports, and of the script of their page. */
  report: join(root, 'harness', 'report'),
  versions: join(root, 'versions'),
  fixtures: join(root, 'fixtures'),
  /** What tests leave to be looked at. */
  artifacts: join(root, 'artifacts'),
  /** What is built; may be deleted at any time. */
  build: join(root, 'build'),
  lockFile: join(root, 'package-lock.json'),
  nodeModules: join(root, 'node_modules'),
} as const;
