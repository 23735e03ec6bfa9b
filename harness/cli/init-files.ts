/** What `init` leaves: a description that is taken as it is and says what is to be filled in, a scenario, and a workflow. */
import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parse } from 'yaml';
import { paths } from '../host/paths.ts';
import { Description } from '../input/description.ts';
import { InputError } from '../input/errors.ts';

/** What a person has said, each as text. */
export interface Answers {
  readonly name: string;
  readonly old: string;
  readonly new: string;
  readonly args: string;
  readonly open: string;
}

/** Where the rig is on GitHub. */
export interface Home {
  /** `OWNER/NAME` */
  readonly repository: string;
  /** A commit, a branch or a tag. */
  readonly ref: string;
}

export interface Wanted {
  /** Where the description and the scenario are to be, from the folder of the user. */
  readonly folder: string;
  readonly together: boolean;
  readonly workflow: boolean;
  /** Null where nobody knows. */
  readonly home: Home | null;
}

const WORKFLOW = join('.github', 'workflows', 'rolling-upgrade.yml');

/**
 * The files by their paths, the description first, then the scenario.
 * @throws InputError naming the flag whose value no description can have
 */
export function filesFor(answers: Answers, wanted: Wanted): Record<string, string> {
  const { folder, workflow, home } = wanted;
  const [description, scenario] = [join(folder, 'daemon.yaml'), join(folder, 'scenario.yaml')];
  const text = descriptionText(answers, wanted);
  refuseUnusable(text, answers);
  return {
    [description]: text,
    [scenario]: scenarioText(wanted),
    ...(workflow && home !== null ? { [WORKFLOW]: workflowText(description, home) } : {}),
  };
}

/** By the first keys of a path in the description, the flag that its value came from. */
const FLAGS: ReadonlyArray<readonly [path: string, flag: keyof Answers]> = [
  ['name', 'name'],
  ['versions.old', 'old'],
  ['versions.new', 'new'],
  ['start', 'args'],
  ['patterns', 'open'],
];

function refuseUnusable(text: string, answers: Answers): void {
  const { error } = Description.safeParse(parse(text));
  const faults = (error?.issues ?? []).map(({ path, message }) => {
    const flag = FLAGS.find(([start]) => path.join('.').startsWith(start))?.[1];
    if (flag === undefined) throw new Error(`what init leaves is no description: ${path.join('.')}: ${message}`);
    return `--${flag} ${answers[flag]}: ${message}`;
  });
  if (faults.length > 0) throw new InputError(faults.join('\n'));
}

function descriptionText(answers: Answers, wanted: Wanted): string {
  const { name, old, new: newer, args, open } = answers;
  const { folder, together } = wanted;
  const program = (line: string) => flow(wordsOf(line).map((word) => beside(word, folder)));
  return `${modeline('description', wanted)}
# How the rig starts, joins, watches and stops a member. Such a file is filled in, step by step, in
# ${placeOf(join('docs', 'describe-a-daemon.md'), '.', wanted.home) ?? 'docs/describe-a-daemon.md of refresh-rig'}
# What begins with "# " and a key is still to be said; \`refresh-rig daemon check\` says which check each part is for.
name: ${flow(name)}
versions:
  old:
    program: ${program(old)}
    # How many schema updates and API extensions it has:
    # schema: 1
    # api: 1
  new:
    program: ${program(newer)}
    # schema: 2
    # api: 2
start:
  args: ${flow(wordsOf(args))}
form:
  how: ${together ? 'together' : 'one-by-one'}
  # The commands that make the first member a cluster, and each other one a member of it:
  # bootstrap: { run: ['{version.program}', bootstrap, --state, '{member.state}'] }
  # token: { run: ['{version.program}', token, --state, '{through.state}', --for, '{member.name}'] }
  # join: { run: ['{version.program}', join, --state, '{member.state}', --token, '{token}'] }
# stop: { signal: SIGTERM, grace: 5s }
# supervisor: { restart: on-failure, delay: 1s, most: 3 }
patterns:
  - { event: open, match: ${flow(open)} }
  # Without these two nothing can be said of what opened a member:
  # - { event: parked, match: 'waiting for the other members' }
  # - { event: woken, match: 'looking at the other members again' }
# What every member has recorded, asked again and again:
# probes:
#   - name: rows
#     http: { socket: '{member.state}/unix.socket', path: /1.0/members }
#     rows: 'metadata[*].{member: name, schema: schema, api: api}'
# How long a member waits for a notice before it looks again by itself, and which row of the table of strategies it is like:
# timer: { every: 30s }
# model: { strategy: combined, wakeups: lossy, ahead: exit }
`;
}

function scenarioText(wanted: Wanted): string {
  return `${modeline('scenario', wanted)}
about: every member from the old version to the new one, one after another
daemon: ./daemon.yaml
members: 3
from: old
to: new
order: forward
`;
}

function workflowText(description: string, { repository, ref }: Home): string {
  return `# Every order of three members, in shards, with one report. What it can be told is in the file that it uses, and the rig is
# taken from the repository and the commit of that file.
name: rolling upgrade

on:
  push:
    branches: [main]
  pull_request:

permissions:
  contents: read

jobs:
  rolling-upgrade:
    uses: ${repository}/.github/workflows/rolling-upgrade.yml@${ref}
    with:
      daemon: ./${description.split(sep).join('/')}
      shards: '2'
      # What puts there the programs that the description names:
      prepare: |
        true
`;
}

function modeline(name: string, { folder, home }: Wanted): string {
  const place = placeOf(join('schemas', `${name}.schema.json`), folder, home);
  return place === null ? `# ${name}` : `# yaml-language-server: $schema=${place}`;
}

/** A file of the package: from a folder, where it is installed here; else where its repository has it; null where nobody knows. */
function placeOf(file: string, folder: string, home: Home | null): string | null {
  const here = join(paths.root, file);
  const near = relative(process.cwd(), here);
  if (!near.startsWith('..') && existsSync(here)) return relative(folder, near);
  return home === null
    ? null
    : `https://raw.githubusercontent.com/${home.repository}/${home.ref}/${file.split(sep).join('/')}`;
}

/** Words as a shell would have them, as far as quotes go: nothing in them is replaced. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((found) => found[1] ?? found[2] ?? found[3]!);
}

/** A path from where the user is, as one from where the description is. */
function beside(word: string, folder: string): string {
  if (!/^\.\.?\//.test(word)) return word;
  const path = relative(folder, word);
  return path.startsWith('.') ? path : `./${path}`;
}

/** JSON is YAML: whatever is in a text, it is a text. */
function flow(value: string | readonly string[]): string {
  return Array.isArray(value) ? `[${value.map((word) => flow(word)).join(', ')}]` : JSON.stringify(value);
}
