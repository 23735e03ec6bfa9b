/**
 * A whole roll of three members in containers, against the bare calls of the docker command line that such a roll cannot
 * avoid: network, volumes, three starts, three times stop, remove and start, and the clean-up.
 */
import { once } from 'node:events';
import { execa } from 'execa';
import { ourDaemon } from '../harness/daemon/ours/daemon.ts';
import type { Versions } from '../harness/input/versions.ts';
import { planOf } from '../test/support/versions.ts';
import { median, type Ratio, timeMs } from './figures.ts';
import { rollThatHolds } from './rolled.ts';
import { withRunsFolder } from './start.ts';

const RUNS = 5;
const NAME = 'rig-bench';

/** Null where no Docker engine answers. */
export async function containerRatio(versions: Versions): Promise<Ratio | null> {
  const { askEngine } = await import('../harness/host/engine.ts');
  if (!(await askEngine()).answers) return null;
  const { containerRuntime } = await import('../harness/runtime/container.ts');
  const runtime = containerRuntime();
  const kind = ourDaemon(versions);
  const plan = planOf({ from: 'v1', to: 'v2' });
  await runtime.prepare([...(await kind.build(['v1', 'v2'])).values()], {
    say: () => undefined,
    signal: new AbortController().signal,
  });
  const bareMs: number[] = [];
  const rollMs: number[] = [];
  await withRunsFolder(async (runs) => {
    for (let run = 0; run < RUNS; run += 1) {
      bareMs.push(await timeMs(bareCalls));
      rollMs.push(await timeMs(() => rollThatHolds(plan, { runtime, runs, signal: new AbortController().signal })));
    }
  });
  return {
    what: 'a whole roll of 3 members in containers',
    measuredMs: median(rollMs),
    against: 'the docker calls and starts of Node that it cannot avoid',
    againstMs: median(bareMs),
    aim: 1.3,
    runs: RUNS,
  };
}

/** A member stopped before its Node is up would be waited for ten seconds, so each start is waited for, as in a roll. */
async function bareCalls(): Promise<void> {
  const docker = (...args: string[]) => execa('docker', args);
  const members = ['node01', 'node02', 'node03'];
  const start = async (member: string, version: string): Promise<void> => {
    const attached = docker(
      ...['run', '--name', `${NAME}-${member}`, '--network', NAME, '--network-alias', member, '--hostname', member],
      ...['--publish', '127.0.0.1::7000', '--volume', `${NAME}-${member}:/var/lib/member`],
      ...[
        '--volume',
        `${NAME}-shared:/var/lib/cluster`,
        '--entrypoint',
        '/usr/local/bin/node',
        `refresh-rig/member:${version}`,
      ],
      // The least that a member must be: a process that says that it is up, and goes when it is told to.
      ...['--eval', 'process.on("SIGTERM", () => process.exit()); setInterval(() => {}, 1000); console.log("up")'],
    );
    attached.catch(() => undefined);
    await once(attached.stdout, 'data');
  };
  await docker('network', 'create', NAME);
  await docker('volume', 'create', `${NAME}-shared`);
  for (const member of members) await docker('volume', 'create', `${NAME}-${member}`);
  for (const member of members) await start(member, 'v1');
  for (const member of members) {
    await docker('stop', `${NAME}-${member}`);
    await docker('rm', `${NAME}-${member}`);
    await start(member, 'v2');
  }
  await docker('rm', '--force', ...members.map((member) => `${NAME}-${member}`));
  await docker('network', 'rm', NAME);
  await docker('volume', 'rm', `${NAME}-shared`, ...members.map((member) => `${NAME}-${member}`));
}
