/**
 * Which patches a member has dealt with, in its own state folder. A note is on disk before anything else is done, and is
 * whole or not there at all: a member may be killed at any moment.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILE = 'patches.json';

export class PatchNotes {
  readonly #folder: string;
  #names: readonly string[];

  /** @throws SyntaxError where somebody has edited the file */
  constructor(stateFolder: string) {
    this.#folder = stateFolder;
    const file = join(stateFolder, FILE);
    this.#names = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { patches: string[] }).patches : [];
  }

  /** The names of all patches that are noted, in the order in which they were. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Note patches, durably. */
  add(...names: readonly string[]): void {
    this.#names = [...this.#names, ...names];
    mkdirSync(this.#folder, { recursive: true });
    const file = join(this.#folder, FILE);
    writeDurably(`${file}.new`, `${JSON.stringify({ patches: this.#names })}\n`);
    renameDurably(`${file}.new`, file);
  }
}

/** Move a file of a folder to another place in it, durably; where it has been moved before, that is well. */
export function moveDurably(folder: string, { from, to }: { readonly from: string; readonly to: string }): void {
  const [source, target] = [join(folder, from), join(folder, to)];
  if (!existsSync(source) && existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  renameDurably(source, target);
}

function writeDurably(file: string, text: string): void {
  const handle = openSync(file, 'w');
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A renaming is on disk once its folders are. */
function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  for (const folder of new Set([dirname(to), dirname(from), dirname(dirname(to))])) {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
