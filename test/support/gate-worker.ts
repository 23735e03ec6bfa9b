/** A process that examines the schema gate once, at the same moment as others: FILE MEMBER VERSION-FILE. */
import { once } from 'node:events';
import { readBuild } from '../../node/build.ts';
import { passGate } from '../../node/database/gate-transaction.ts';
import { openSqlite } from '../../node/database/sqlite.ts';
import { rules } from './rules.ts';

const [file = '', member = '', versionFile = ''] = process.argv.slice(2);
const build = readBuild(versionFile);
const database = await openSqlite({ file, create: false });
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const { ruling, decidedNs } = await passGate(database, rules('split'), 'schema', member, build, async () => undefined);
process.stdout.write(
  `${JSON.stringify({ member, outcome: ruling.outcome.is, applied: ruling.apply !== null, decidedNs })}\n`,
);
await database.close();
process.exit();
