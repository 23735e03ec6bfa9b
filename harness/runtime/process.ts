/**
 * The runtime `process`: each member is a process of this host, on a port of loopback. It needs nothing installed. The
 * members are tethered: they stop when the rig's end of their stdin closes, so that even a rig that is killed leaves no
 * process behind.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Artifact } from '../build/artifact.ts';
import type { Seat } from '../daemon/contract.ts';
import { isOwnerAlive, owner } from '../host/owner.ts';
import { freePort } from '../host/ports.ts';
import type { Exit, OnLine, RunningMember, Runtime, Site, SiteOptions } from './runtime.ts';

const FOLDER_PREFIX = 'refresh-rig-';
const OWNER_FILE = 'owner';

export function processRuntime(): Runtime {
  return {
    name: 'process',
    prepare: async () => null,
    open,
    clean: async () => removeLeftovers(),
  };
}

async function open({ run, members }: SiteOptions): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${run}-`));
  writeFileSync(join(folder, OWNER_FILE), owner());
  const sharedFolder = join(folder, 'shared');
  mkdirSync(sharedFolder);
  const taken = new Set<number>();
  const seats = new Map<string, Seat>();
  for (const member of members) {
    const address = `127.0.0.1:${await freePort(taken)}`;
    seats.set(member, { member, address, stateFolder: join(folder, member), sharedFolder });
  }
  const running = new Set<RunningMember>();
  return {
    runtime: 'process',
    seat: (member) => seats.get(member)!,
    start: async (seat, artifact, args, onLine) => {
      const member = startProcess(seat, artifact, args, onLine);
      running.add(member);
      void member.exited.then(() => running.delete(member));
      return member;
    },
    close: async () => {
      await Promise.all([...running].map((member) => member.stop(CLOSE_GRACE_MS)));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const CLOSE_GRACE_MS = 2000;

function startProcess(seat: Seat, artifact: Artifact, args: readonly string[], onLine: OnLine): RunningMember {
  const [program = '', ...first] = artifact.program.process;
  const child = execa(program, [...first, ...args], {
    env: artifact.env.process,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    // The rig stops its members itself, in order; a Ctrl-C in the terminal must not reach them first.
    detached: true,
    cleanup: true,
  });
  const lines = [child.stdout, child.stderr].map(async (stream) => {
    for await (const line of createInterface({ input: stream })) onLine(line);
  });
  const exited = (async (): Promise<Exit> => {
    const result = await child;
    await Promise.all(lines);
    if (result.failed && result.exitCode === undefined && result.signal === undefined) {
      onLine(`cannot start ${program}: ${result.shortMessage}`);
    }
    return { code: result.exitCode ?? null, signal: result.signal ?? null };
  })();
  return {
    seat,
    authority: seat.address,
    exited,
    stop: async (graceMs) => {
      let killed = false;
      child.kill('SIGTERM');
      const insist = setTimeout(() => {
        killed = true;
        child.kill('SIGKILL');
      }, graceMs);
      const exit = await exited;
      clearTimeout(insist);
      return { ...exit, killed };
    },
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
    memoryBytes: () => residentBytes(child.pid),
  };
}

async function residentBytes(pid: number | undefined): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    // Not Linux, or gone meanwhile: it cannot be told.
    return null;
  }
}

function removeLeftovers(): string[] {
  const removed: string[] = [];
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(FOLDER_PREFIX))) {
    const folder = join(tmpdir(), name);
    const ownedBy = readOwner(folder);
    if (ownedBy === null || isOwnerAlive(ownedBy)) continue;
    rmSync(folder, { recursive: true, force: true });
    removed.push(`folder ${folder}`);
  }
  return removed;
}

function readOwner(folder: string): string | null {
  try {
    return readFileSync(join(folder, OWNER_FILE), 'utf8');
  } catch {
    // Somebody else's folder, or one that a rig is just making: not ours to remove.
    return null;
  }
}
