/** The members' logs: of one member or of all, and of the time that is looked at or of all. */
import type { LogLine } from '../../trace/log-line.ts';
import { since, told } from './instant.ts';
import { Rows } from './rows.ts';
import { isWithin, type Stretch } from './scale.ts';

export class LogTable {
  readonly #form: HTMLFormElement;
  readonly #stretch: () => Stretch;
  readonly #lines: ReadonlyArray<{ readonly ms: number; readonly line: LogLine }>;
  readonly #rows: Rows<{ readonly ms: number; readonly line: LogLine }>;

  /**
   * @param fromNs when the lanes begin
   * @param stretch what is looked at
   */
  constructor(
    form: HTMLFormElement,
    table: HTMLTableElement,
    logs: readonly LogLine[],
    fromNs: number,
    stretch: () => Stretch,
  ) {
    this.#form = form;
    this.#stretch = stretch;
    this.#lines = logs.map((line) => ({ ms: since({ fromNs }, line.atNs), line }));
    this.#rows = new Rows(table, ({ ms, line }) => [told(ms), line.member, line.text]);
    form.addEventListener('input', () => this.draw());
  }

  /** All of them. */
  get lines(): ReadonlyArray<{ readonly ms: number; readonly line: LogLine }> {
    return this.#lines;
  }

  draw(): void {
    const stretch = this.#stretch();
    const chosen = new FormData(this.#form);
    const member = chosen.get('member') ?? '';
    const onlyStretch = chosen.get('stretch') !== null;
    this.#rows.show(
      this.#lines.filter(
        ({ ms, line }) => (member === '' || line.member === member) && (!onlyStretch || isWithin(ms, stretch)),
      ),
    );
  }

  makeAll(): void {
    this.#rows.makeAll();
  }
}
