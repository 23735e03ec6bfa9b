/** The commands that documents show, and what they say is printed; with what differs from run to run taken out of both. */

/** A command as it is typed, and the pieces of its output that a document shows, in their order. */
export interface Sample {
  readonly command: string;
  readonly pieces: readonly string[];
}

/** Blocks that are indented, and begin with `$ ` and a command. A line with `…` alone stands for what is left out. */
export function samplesIn(markdown: string): Sample[] {
  const blocks = markdown.split(/^(?=\S)/m).flatMap((part) => /^ {4}[\s\S]*/m.exec(part)?.[0] ?? []);
  return blocks.flatMap((block) =>
    block
      .replaceAll(/^ {4}/gm, '')
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command = '', ...lines] = text.split('\n');
        const pieces = lines.join('\n').split(/^ *…$/m);
        const bare = pieces.map((piece) => withoutParticulars(piece, command));
        return { command: command.trim(), pieces: bare.filter((piece) => piece !== '') };
      }),
  );
}

/**
 * Without durations and counts, without how long a lane is and where words are wrapped, and without what a notice or a timer
 * more or less changes in a table of figures. What the explorer counts is the same whenever it counts.
 */
export function withoutParticulars(text: string, command: string): string {
  if (/ explore /.test(command)) return text.replaceAll(/\s+/g, ' ').trim();
  return text
    .replaceAll(/^.*[·=?sap1-9-]{25}.*$/gm, (lane) => `${lane.trim().split(' ')[0]} ~`)
    .replaceAll(/runs\/\S+/g, 'runs/#')
    .replaceAll(/(?<![\w.-])\d+(\.\d+)?( (µs|ms|s|min)(?!\w))?(?![\w.]*\w)/g, '#')
    .replaceAll(
      /^(node\d+|) +(time-to-open|parked|waited for|woken by|unblock latency|stall|downtime) .*$/gm,
      '$1 $2 @',
    )
    .replaceAll(/^(node\d+) +#.*$/gm, '$1 @')
    .replaceAll(/(in time: )node\d+(, node\d+)*/g, '$1@')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
