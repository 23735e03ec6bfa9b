/** A command in a real pty, and what a terminal shows of it: `script` of Debian's essential bsdutils, and the core of xterm.js. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import xterm from '@xterm/headless';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export class Pty {
  readonly #terminal: xterm.Terminal;
  readonly #command: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown>;

  constructor(command: readonly string[], cwd: string, { columns, rows }: Size) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 5000, allowProposedApi: true });
    const quoted = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    const shell = `stty cols ${columns} rows ${rows}; exec ${quoted}`;
    // Colours and redrawing as for a person: what a CI sets would turn them off.
    const { CI, NO_COLOR, FORCE_COLOR, ...env } = process.env;
    this.#command = spawn('script', ['-qefc', shell, '/dev/null'], {
      cwd,
      env: { ...env, TERM: 'xterm-256color' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#command, 'close');
    this.#command.stdout.on('data', (bytes: Buffer) => this.#terminal.write(bytes));
  }

  /** As somebody at the keyboard. */
  type(text: string): void {
    this.#command.stdin.write(text);
  }

  /** Null until it has ended. */
  get exitCode(): number | null {
    return this.#command.exitCode;
  }

  /** Everything that one can see, or scroll back to: its lines, without the empty ones at the end. */
  lines(): string[] {
    const { buffer } = this.#terminal;
    const lines = Array.from(
      { length: buffer.active.length },
      (_, index) => buffer.active.getLine(index)?.translateToString(true) ?? '',
    );
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
  }

  /** The colour of the first character of the first line that holds a text: a number of the palette, or -1. */
  colourOf(text: string): number {
    const { active } = this.#terminal.buffer;
    const line = this.lines().findIndex((each) => each.includes(text));
    return active.getLine(line)?.getCell(0)?.getFgColor() ?? -1;
  }

  /** @throws where what is looked for does not come */
  async until(isThere: (lines: readonly string[]) => boolean, atMostMs = 60_000): Promise<string[]> {
    const endMs = performance.now() + atMostMs;
    for (let lines = this.lines(); ; lines = this.lines()) {
      if (isThere(lines)) return lines;
      if (performance.now() > endMs) throw new Error(`the terminal never showed it:\n${lines.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** When it has ended, and all that it wrote is there. */
  async end(): Promise<string[]> {
    await this.#ended;
    await new Promise<void>((resolve) => this.#terminal.write('', resolve));
    return this.lines();
  }

  /** Whatever is still going on. */
  async close(): Promise<void> {
    this.#command.kill('SIGTERM');
    await this.#ended;
    this.#terminal.dispose();
  }
}
