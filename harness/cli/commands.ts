/** The commands: what each is for, and its file, which is loaded only when the command is asked for. */
import { Command } from 'commander';

interface Entry {
  readonly about: string;
  readonly load: () => Promise<Command>;
}

/** In the order in which the help lists them. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  init: {
    about: 'begin in a repository of your own: a description of your daemon, a scenario and a workflow to fill in',
    load: async () => (await import('./init.ts')).initCommand(),
  },
  roll: {
    about: 'roll a cluster from one version to another and say what opened each member',
    load: async () => (await import('./roll.ts')).rollCommand(),
  },
  soak: {
    about: 'draw rolls with faults for a while, several at a time, keep those that fail, and shrink each',
    load: async () => (await import('./soak.ts')).soakCommand(),
  },
  diff: {
    about: 'the same roll twice with a flag toggled, side by side; the verdict is that of the second',
    load: async () => (await import('./diff.ts')).diffCommand(),
  },
  matrix: {
    about: 'roll pairs of versions × orders × strategies × …, several at once, and show what came of each',
    load: async () => (await import('./matrix.ts')).matrixCommand(),
  },
  merge: {
    about: 'join the results of shards, or of several runs of one matrix, into one report',
    load: async () => (await import('./merge.ts')).mergeCommand(),
  },
  plan: {
    about: 'print the steps of a roll and the gates that each will meet, and run nothing',
    load: async () => (await import('./plan.ts')).planCommand(),
  },
  judge: {
    about: 'judge a saved roll again, or all of a matrix, with the checks of today; what is saved stays as it is',
    load: async () => (await import('./judge.ts')).judgeCommand(),
  },
  report: {
    about:
      'write the HTML report of a saved roll, judged again; of several rolls, one page on the same scale; or of a matrix',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  watch: {
    about: 'roll, with its report in a browser while it goes on; the page stays until Ctrl-C',
    load: async () => (await import('./watch.ts')).watchCommand(),
  },
  versions: {
    about: 'list the versions that can be rolled, or the kind of the step between two',
    load: async () => (await import('./versions.ts')).versionsCommand(),
  },
  images: {
    about: 'build the images of all versions, where their inputs changed',
    load: async () => (await import('./images.ts')).imagesCommand(),
  },
  explore: {
    about: 'try every interleaving of an upgrade, in memory, and show the shortest way into a stall',
    load: async () => (await import('./explore.ts')).exploreCommand(),
  },
  replay: {
    about: 'carry out a saved plan on real members; a counterexample holds each of them where its path says',
    load: async () => (await import('./replay.ts')).replayCommand(),
  },
  'lost-notice': {
    about:
      'whether a daemon as it is shipped loses a notice that comes before a member has parked: made to happen, side by side',
    load: async () => (await import('./lost-notice.ts')).lostNoticeCommand(),
  },
  conform: {
    about: 'check that every step of a saved roll, or of all of a matrix, is one that the upgrade machine allows',
    load: async () => (await import('./conform.ts')).conformCommand(),
  },
  daemon: {
    about: 'what the rig knows of a daemon',
    load: async () => (await import('./daemon.ts')).daemonCommand(),
  },
  schema: {
    about: 'print the JSON Schema of a kind of file, for editors',
    load: async () => (await import('./schema.ts')).schemaCommand(),
  },
  doctor: {
    about: 'say what is here, what each is needed for, and how to get it',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
};

export const COMMAND_NAMES = Object.keys(COMMANDS);

/** All commands, of which only the one that these arguments ask for can do more than stand in the help. */
export async function commandsFor(args: readonly string[]): Promise<Command[]> {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  const wanted = first === 'help' ? second : first;
  return Promise.all(
    Object.entries(COMMANDS).map(async ([name, { about, load }]) => {
      const command = name === wanted ? await load() : new Command(name);
      return command.description(about);
    }),
  );
}
