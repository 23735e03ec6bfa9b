/** What members in namespaces of their own need of this host: Linux, root with the right to make namespaces, and some tools. */
import { execa } from 'execa';
import { findProgram } from '../../host/programs.ts';
import { EnvironmentError } from '../../input/errors.ts';
import { makeSiteFolder, removeSiteFolder } from '../site-folder.ts';

/** The tools, and the packages of Debian that have them. */
const NAMES = {
  sh: 'dash',
  hostname: 'hostname',
  ip: 'iproute2',
  mount: 'mount',
  nsenter: 'util-linux',
  pivot_root: 'util-linux',
  unshare: 'util-linux',
  tar: 'tar',
} as const;

/** Their paths. */
export type Tools = Readonly<Record<keyof typeof NAMES, string>>;

/** @throws EnvironmentError where one is not here */
export function findTools(): Tools {
  const missing = missingTool();
  if (missing !== null) throw new EnvironmentError(missing);
  return Object.fromEntries(Object.keys(NAMES).map((name) => [name, findProgram(name)])) as Tools;
}

function missingTool(): string | null {
  const missing = Object.entries(NAMES).find(([name]) => findProgram(name) === null);
  return missing === undefined ? null : `there is no ${missing[0]}: on Debian: apt-get install ${missing[1]}`;
}

/** Why members cannot have namespaces of their own here, in a sentence without a full stop; null where they can. */
export async function lackOfNamespaces(): Promise<string | null> {
  if (process.platform !== 'linux') return 'only Linux has them';
  if (process.getuid?.() !== 0) return 'only root may make them: run the rig as root';
  const missing = missingTool();
  if (missing !== null) return missing;
  return triedInVain(findTools());
}

/** All that a member will need, once, in namespaces that are gone at its end. */
async function triedInVain({ unshare, sh, mount, ip }: Tools): Promise<string | null> {
  const folder = makeSiteFolder('try', []);
  try {
    const script = [
      'cd "$1"',
      `'${mount}' -t tmpfs tmpfs .`,
      'cd "$1"',
      'mkdir lower upper work root',
      `'${mount}' -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root`,
      `'${mount}' -t sysfs sysfs root`,
      `'${ip}' link add name bridge type bridge`,
      `'${ip}' link add name one type veth peer name other`,
    ].join(' && ');
    const tried = await execa(unshare, ['--mount', '--uts', '--net', '--', sh, '-c', script, sh, folder], {
      reject: false,
      all: true,
    });
    return tried.failed ? (tried.all ?? '').trim().split('\n').at(-1) || tried.shortMessage || 'nobody says why' : null;
  } finally {
    removeSiteFolder(folder);
  }
}
