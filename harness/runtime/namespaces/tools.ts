/** What members in namespaces of their own need of this host, and what is needed to do something to their links. */
import { execa } from 'execa';
import { findProgram } from '../../host/programs.ts';
import { EnvironmentError } from '../../input/errors.ts';
import { makeSiteFolder, removeSiteFolder } from '../site-folder.ts';

/** The tools, and the packages of Debian that have them. */
const OF_NETWORKS = { sh: 'dash', ip: 'iproute2', nsenter: 'util-linux', unshare: 'util-linux' } as const;
const OF_FILTER = { 'iptables-restore': 'iptables' } as const;
const OF_DISKS = { mount: 'mount', umount: 'mount', nsenter: 'util-linux' } as const;
const OF_LINKS = { ...OF_NETWORKS, ...OF_FILTER } as const;
const OF_PLACES = {
  ...OF_NETWORKS,
  hostname: 'hostname',
  mount: 'mount',
  pivot_root: 'util-linux',
  tar: 'tar',
} as const;

type Paths<Names> = Readonly<Record<keyof Names, string>>;

/** Their paths. */
export type Tools = Paths<typeof OF_PLACES>;
export type NetworkTools = Paths<typeof OF_NETWORKS>;

/** What a member needs that has a root file system of its own. @throws EnvironmentError where one is not here */
export function findTools(): Tools {
  return found(OF_PLACES);
}

/** What a network of one's own needs. @throws EnvironmentError where one is not here */
export function findNetworkTools(): NetworkTools {
  return found(OF_NETWORKS);
}

/** What relays in it need. @throws EnvironmentError where one is not here */
export function findLinkTools(): Paths<typeof OF_LINKS> {
  return found(OF_LINKS);
}

/** What a disk of one's own needs. @throws EnvironmentError where one is not here */
export function findDiskTools(): Paths<typeof OF_DISKS> {
  return found(OF_DISKS);
}

/** The path of the program that takes in rules of the packet filter. @throws EnvironmentError where it is not here */
export function findFilter(): string {
  return found(OF_FILTER)['iptables-restore'];
}

/** Why there is no such program for a container to have, in a sentence without a full stop; null where there is. */
export function lackOfFilter(): string | null {
  return process.platform === 'linux'
    ? missingTool(OF_FILTER)
    : 'the relays have the packet filter of a host that is Linux';
}

function found<Names extends Readonly<Record<string, string>>>(names: Names): Paths<Names> {
  const missing = missingTool(names);
  if (missing !== null) throw new EnvironmentError(missing);
  return Object.fromEntries(Object.keys(names).map((name) => [name, findProgram(name)])) as Paths<Names>;
}

function missingTool(names: Readonly<Record<string, string>>): string | null {
  const missing = Object.entries(names).find(([name]) => findProgram(name) === null);
  return missing === undefined ? null : `there is no ${missing[0]}: on Debian: apt-get install ${missing[1]}`;
}

/** What `unshare` needs besides to make a network: nothing for root, and for anybody else to be root in a namespace of his own. */
export function asRoot(): readonly string[] {
  return process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
}

/** Why members cannot have namespaces of their own here, in a sentence without a full stop; null where they can. */
export async function lackOfNamespaces(): Promise<string | null> {
  if (process.platform !== 'linux') return 'only Linux has them';
  if (process.getuid?.() !== 0) return 'only root may make them: run the rig as root';
  return missingTool(OF_PLACES) ?? triedInVain(findTools());
}

/**
 * Why nothing can be done to links here, in a sentence without a full stop; null where it can, as far as that is to be seen before a
 * network is made.
 */
export function lackOfLinks(): string | null {
  return process.platform === 'linux' ? missingTool(OF_LINKS) : 'only Linux has network namespaces';
}

/** Why members cannot have disks of their own here, in a sentence without a full stop; null where they can. */
export function lackOfDisks(): string | null {
  if (process.platform !== 'linux') return 'only Linux has file systems in memory for them';
  return process.getuid?.() === 0 ? missingTool(OF_DISKS) : 'only root may give members disks of their own';
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
    return tried.failed ? lastLine(tried.all) || tried.shortMessage || 'nobody says why' : null;
  } finally {
    removeSiteFolder(folder);
  }
}

function lastLine(text: string | undefined): string {
  return (text ?? '').trim().split('\n').at(-1) ?? '';
}
