/** A rig that makes `latest` point elsewhere again and again, as many of them would. */
import { join } from 'node:path';
import { pointTo } from '../../harness/store/run-folder.ts';

const [, , folder = ''] = process.argv;
for (let turn = 0; turn < 2000; turn += 1) pointTo(join(folder, turn % 2 === 0 ? 'one' : 'other'), 'latest');
