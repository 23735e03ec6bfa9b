/** The members' logs: of one member or of all, and of the time that is looked at or of all. */
import type { LogLine } from '../../trace/log-line.ts';
import { since, told } from './instant.ts';
import { Rows } from './rows.ts';
import { isWithin, type Scale } from './scale.ts';

export class LogTable {
  readonly #form: HTMLFormElement;
  readonly #scale: Scale;
  readonly #lines: ReadonlyArray<{ readonly ms: number; readonly line: LogLine }>;
  readonly #rows: Rows<{ readonly ms: number; readonly line: LogLine }>;

  /** @param fromNs the first refresh */
  constructor(form: HTMLFormElement, table: HTMLTableElement, logs: readonly LogLine[], fromNs: number, scale: Scale) {
    this.#form = form;
    this.#scale = scale;
    this.#lines = logs.map((line) => ({ ms: since({ fromNs }, line.atNs), line }));
    this.#rows = new Rows(table, ({ ms, line }) => [told(ms), line.member, line.text]);
    form.addEventListener('input', () => this.draw());
  }

  draw(): void {
    const chosen = new FormData(this.#form);
    const member = chosen.get('member') ?? '';
    const onlyStretch = chosen.get('stretch') !== null;
    this.#rows.show(
      this.#lines.filter(
        ({ ms, line }) =>
          (member === '' || line.member === member) && (!onlyStretch || isWithin(ms, this.#scale.stretch)),
      ),
    );
  }

  makeAll(): void {
    this.#rows.makeAll();
  }
}
