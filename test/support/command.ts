/** The command refresh-rig as a process of a test's own, and what is left of it when it has ended. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { askEngine, engineClient } from '../../harness/host/engine.ts';
import { LABELS } from '../../harness/host/labels.ts';
import { OWNER_FILE, SITE_PREFIX } from '../../harness/host/owner.ts';
import { paths } from '../../harness/host/paths.ts';
import { markedProcesses } from '../../harness/runtime/leftovers.ts';

const MAIN = join(paths.root, 'harness', 'cli', 'main.ts');
/** A tethered member notices by itself that its rig is gone; it has this time to go. */
const GOING_MS = 10_000;

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class RigCommand {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #ended: Promise<unknown>;
  readonly #printed = { stdout: '', stderr: '' };
  #waiting: Array<() => void> = [];

  /** @param env beside the environment of the test */
  constructor(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'close');
    for (const name of ['stdout', 'stderr'] as const) {
      createInterface({ input: this.#child[name] }).on('line', (line) => {
        this.#printed[name] += `${line}\n`;
        for (const look of this.#waiting) look();
      });
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves when it has printed something. */
  async prints(text: string): Promise<void> {
    const printed = new Promise<void>((resolve) => {
      const look = (): void => void (this.#printed.stdout.includes(text) && resolve());
      this.#waiting.push(look);
      look();
    });
    const ended = this.ended().then(({ stdout, stderr }) => {
      throw new Error(`it ended before it printed '${text}':\n${stdout}${stderr}`);
    });
    ended.catch(() => undefined);
    await Promise.race([printed, ended]);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** As when whoever reads its output goes away. */
  closePipe(): void {
    this.#child.stdout.destroy();
  }

  async ended(): Promise<Ended> {
    await this.#ended;
    return { code: this.#child.exitCode, ...this.#printed };
  }
}

/** Run a command to its end. */
export function runRig(cwd: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> {
  return new RigCommand(cwd, args, env).ended();
}

/** What rigs have left that only the next start can remove, or nobody: found by their process ids, and nothing of others. */
export async function leftoversOf(pids: readonly number[]): Promise<string[]> {
  const isTheirs = (owner: string | undefined): boolean => pids.includes(Number(owner?.split('/')[1]));
  const onHost = (): string[] => [
    ...markedProcesses()
      .filter(({ owner }) => isTheirs(owner))
      .map(({ pid, member }) => `process ${pid} (${member})`),
    ...foldersOf(isTheirs),
    ...clustersOf(isTheirs),
  ];
  const limit = AbortSignal.timeout(GOING_MS);
  while (onHost().length > 0 && !limit.aborted) await sleep(50);
  return [...onHost(), ...(await inEngine(isTheirs))];
}

function foldersOf(isTheirs: (owner: string) => boolean): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(SITE_PREFIX))
    .map((name) => join(tmpdir(), name))
    .filter((folder) => {
      const file = join(folder, OWNER_FILE);
      return existsSync(file) && isTheirs(readFileSync(file, 'utf8'));
    });
}

/** Clusters that are being formed, or used. */
function clustersOf(isTheirs: (owner: string) => boolean): string[] {
  const clusters = join(paths.build, 'clusters');
  const names = existsSync(clusters) ? readdirSync(clusters, { recursive: true, encoding: 'utf8' }) : [];
  return names.filter((name) => {
    const [, state, owner] = /^[^/]+\/(forming|used)-[^/@]+@([^/]+)$/.exec(name) ?? [];
    // One that was only used is as good as before, and the next start takes it.
    return state === 'forming' && isTheirs(decodeURIComponent(owner!));
  });
}

async function inEngine(isTheirs: (owner: string | undefined) => boolean): Promise<string[]> {
  if (!(await askEngine()).answers) return [];
  const { dockerode } = (await engineClient()).container;
  const filters = { label: [LABELS.owner] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    dockerode.listContainers({ all: true, filters }),
    dockerode.listNetworks({ filters }),
    dockerode.listVolumes({ filters }),
  ]);
  const found = [
    ...containers.map(({ Labels: labels, Id }) => ({ labels, name: `container ${Id}` })),
    ...networks.map(({ Labels: labels, Name }) => ({ labels, name: `network ${Name}` })),
    ...(volumes ?? []).map(({ Labels: labels, Name }) => ({ labels, name: `volume ${Name}` })),
  ];
  return found.filter(({ labels }) => isTheirs(labels?.[LABELS.owner])).map(({ name }) => name);
}
