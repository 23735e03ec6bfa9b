/** The programs of this host, as a shell would find them. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the tools of an administrator lie, which the PATH of an ordinary user leaves out. */
const ADMINISTRATORS = ['/usr/sbin', '/sbin'];

/** The path of a program that is named with its folder, or looked for by its name; null where it is not there. */
export function findProgram(program: string): string | null {
  if (program.includes('/')) return existsSync(program) ? program : null;
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...ADMINISTRATORS];
  const found = folders.filter((folder) => folder !== '').map((folder) => join(folder, program));
  return found.find((path) => existsSync(path)) ?? null;
}
