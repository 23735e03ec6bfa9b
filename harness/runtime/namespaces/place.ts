/**
 * The place that a member's process makes for itself before it becomes the daemon: a mount and a UTS namespace, the root file
 * system of its version with whatever it writes kept apart and forgotten, its folders, and no more rights than a container
 * would have. Every program here hands over to the next, so that the process keeps its number.
 */
import { MEMBER_FOLDERS } from '../runtime.ts';
import type { Tools } from './tools.ts';

export interface Place {
  readonly member: string;
  /** The unpacked root file system of its version. */
  readonly root: string;
  /** The folder of the roll, with one for each member, one that all share, and an empty one to mount things on. */
  readonly folder: string;
  readonly rights: Rights;
  /** What it prints, after what the tool said that failed, where its place cannot be made. */
  readonly failed: string;
}

/** What of root's rights it has, as Linux names them: CHOWN. */
export type Rights = readonly string[];

export const SHARED = 'shared';
export const SCRATCH = 'scratch';

const UMOUNT = '/usr/bin/umount';
const SETPRIV = '/usr/bin/setpriv';
/** What a root file system must have for that, and the package of it. */
export const NEEDED_IN_ROOT: ReadonlyArray<readonly [path: string, packaged: string]> = [
  [UMOUNT, 'mount'],
  [SETPRIV, 'util-linux'],
];

/** What a command begins with that is to run in such a place. */
export function placing({ member, root, folder, rights, failed }: Place, tools: Tools): string[] {
  const { unshare, sh, mount, hostname, pivot_root: pivotRoot } = tools;
  const script = `set -eu
member=$1 root=$2 folder=$3 failed=$4
shift 4
trap 'echo "$failed" >&2' EXIT
'${hostname}' "$member"
cd "$folder/${SCRATCH}"
'${mount}' -t tmpfs -o mode=755 tmpfs .
cd "$folder/${SCRATCH}"
mkdir lower upper work root
'${mount}' --bind "$root" lower
'${mount}' -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root
cd root
'${mount}' --bind dev dev
'${mount}' --bind /proc proc
for path in /proc/sys /proc/sysrq-trigger; do
  if [ -e "$path" ]; then '${mount}' -o bind,ro "$path" ".$path"; fi
done
'${mount}' -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mkdir -p .${MEMBER_FOLDERS.stateFolder} .${MEMBER_FOLDERS.sharedFolder} tmp
'${mount}' --bind "$folder/$member" .${MEMBER_FOLDERS.stateFolder}
'${mount}' --bind "$folder/${SHARED}" .${MEMBER_FOLDERS.sharedFolder}
'${pivotRoot}' . tmp
cd /
${UMOUNT} -l /tmp
exec "$@"`;
  const made = [unshare, '--mount', '--uts', '--', sh, '-c', script, sh, member, root, folder, failed];
  return [...made, ...limiting(rights)];
}

/** What a command begins with that is to run where a member's process is, with the same rights. */
export function joining(pid: number, rights: Rights, { nsenter }: Tools): string[] {
  return [nsenter, `--target=${pid}`, '--mount', '--uts', '--net', '--', ...limiting(rights)];
}

function limiting(rights: Rights): string[] {
  const bounding = ['-all', ...rights.map((right) => `+${right.toLowerCase()}`)].join(',');
  return [SETPRIV, '--no-new-privs', `--bounding-set=${bounding}`, '--'];
}
