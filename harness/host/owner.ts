/**
 * Who a container, network, volume or folder belongs to: a process of a host. What belongs to a process that is gone is
 * a leftover. The start of the process is part of its name, because numbers of processes are used again.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** How the folders of rolls begin, and the file in them that names their owner. */
export const SITE_PREFIX = 'refresh-rig-';
export const OWNER_FILE = 'owner';

/** The name of this process as an owner: HOST/PID/START. */
export function owner(): string {
  return `${hostname()}/${process.pid}/${startOf(process.pid) ?? 'unknown'}`;
}

/** Whether an owner is still there. One of another host cannot be asked, and counts as alive. */
export function isOwnerAlive(name: string): boolean {
  const [host, pid, start] = name.trim().split('/');
  if (host !== hostname()) return true;
  if (!isRunning(Number(pid))) return false;
  const startNow = startOf(Number(pid));
  return startNow === null || start === 'unknown' || startNow === start;
}

/** Whether a process of this host is there, whoever's it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process was started, in clock ticks since boot; null where the system does not say. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, and may itself hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
