/** One roll on the page: its overview, its detail, what the keyboard points at, its story and its logs. */
import type { LogLine } from '../../trace/log-line.ts';
import type { Lanes } from '../lanes.ts';
import { type Item, storyOf } from '../story.ts';
import { detailChart, plotArea } from './chart.ts';
import { since, told } from './instant.ts';
import { LogTable } from './log-table.ts';
import { Overview } from './overview.ts';
import { Rows } from './rows.ts';
import type { Scale } from './scale.ts';

const NARROWEST = 320;

export class View {
  readonly #section: HTMLElement;
  readonly #scale: Scale;
  readonly #overview: Overview;
  readonly #rows: Rows<Item>;
  readonly #logs: LogTable;
  /** All that there is, and what of it is shown. */
  #all: Lanes | null;
  #lanes: Lanes | null = null;
  #showsIdle = true;
  /** Told when it is asked for: a long one takes its time. */
  #story: readonly Item[] | null = null;
  /** The item that the keyboard points at. */
  #cursor: number | null = null;
  /** Null until the page has been laid out. */
  #width: number | null = null;

  /** @param section made by the server, with a place for each part */
  constructor(section: HTMLElement, lanes: Lanes | null, logs: readonly LogLine[], scale: Scale) {
    this.#section = section;
    this.#scale = scale;
    this.#all = lanes;
    this.#overview = new Overview(this.#part('overview'), scale);
    this.#rows = new Rows(this.#part<HTMLTableElement>('story'), (item) => [
      told(since(this.#lanes!, item.atNs)),
      item.member ?? 'cluster',
      item.says,
    ]);
    const [form, table] = [this.#part<HTMLFormElement>('log-filter'), this.#part<HTMLTableElement>('log')];
    this.#logs = new LogTable(form, table, logs, lanes?.fromNs ?? 0, scale);
    this.#choose();
    this.#listen();
  }

  /** The roll has gone on. */
  update(lanes: Lanes | null): void {
    this.#all = lanes;
    this.#choose();
    this.#drawAll();
  }

  /** Whether the notices that came for nothing are shown. */
  showIdle(isShown: boolean): void {
    this.#showsIdle = isShown;
    this.#cursor = null;
    this.#choose();
    this.#draw();
  }

  /** Paper can neither be opened nor scrolled. */
  unfold(): void {
    for (const details of this.#section.querySelectorAll('details')) details.open = true;
    this.#tellStory();
    this.#rows.makeAll();
    this.#logs.draw();
    this.#logs.makeAll();
  }

  #choose(): void {
    const all = this.#all;
    const isShown = ({ fate }: Lanes['arrows'][number]): boolean => this.#showsIdle || fate !== 'dropped';
    this.#lanes = all === null ? null : { ...all, arrows: all.arrows.filter(isShown) };
    this.#story = null;
    if (this.#isOpen('story')) this.#tellStory();
  }

  #listen(): void {
    const detail = this.#part('detail');
    detail.addEventListener('keydown', (event) => this.#key(event));
    for (const kind of ['pointerover', 'focusin'] as const) {
      detail.addEventListener(kind, (event) => this.#point(event.target as Element));
    }
    detail.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    this.#detailsOf('story').addEventListener('toggle', () => this.#isOpen('story') && this.#tellStory());
    this.#detailsOf('log').addEventListener('toggle', () => this.#isOpen('log') && this.#logs.draw());
    this.#scale.observe(() => this.#draw());
    // The caption is as wide as the charts, and stays as it is when they are drawn: what is drawn must not ask for more.
    new ResizeObserver((entries) => {
      const found = entries.at(-1)!.contentRect.width;
      const width = Math.max(NARROWEST, Math.floor(found));
      // Nothing is as wide as what is hidden.
      if (found === 0 || width === this.#width) return;
      this.#width = width;
      this.#drawAll();
    }).observe(this.#part('caption'));
  }

  #part<Kind extends HTMLElement>(name: string): Kind {
    const part = this.#section.querySelector<Kind>(`[data-part="${name}"]`);
    if (part === null) throw new Error(`the page has no part '${name}'`);
    return part;
  }

  #detailsOf(name: string): HTMLDetailsElement {
    return this.#part(name).closest('details')!;
  }

  #isOpen(name: string): boolean {
    return this.#detailsOf(name).open;
  }

  #drawAll(): void {
    if (this.#lanes !== null && this.#width !== null) this.#overview.draw(this.#lanes, this.#width);
    this.#draw();
  }

  #draw(): void {
    const lanes = this.#lanes;
    if (lanes === null || this.#width === null) return;
    const item = this.#pointedAt();
    const cursorMs = item === undefined ? null : since(lanes, item.atNs);
    this.#part('detail').replaceChildren(detailChart(lanes, this.#scale.stretch, this.#width, cursorMs));
    this.#overview.placeBrush();
    if (this.#isOpen('log')) this.#logs.draw();
  }

  #items(): readonly Item[] {
    this.#story ??= this.#lanes === null ? [] : storyOf(this.#lanes);
    return this.#story;
  }

  #pointedAt(): Item | undefined {
    return this.#cursor === null ? undefined : this.#items()[this.#cursor];
  }

  #tellStory(): void {
    this.#rows.show(this.#items());
  }

  #key(event: KeyboardEvent): void {
    const act = KEYS[event.key];
    if (act === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act(this, event.shiftKey);
  }

  /** To the next item, or the one before. */
  step(by: 1 | -1): void {
    const lanes = this.#lanes;
    if (lanes === null) return;
    const [fromMs, toMs] = this.#scale.stretch;
    const items = this.#items();
    const msOf = (item: Item): number => since(lanes, item.atNs);
    // The first step is to what can be seen, not to what is far away.
    const first = (): number =>
      by === 1 ? items.findIndex((item) => msOf(item) >= fromMs) : items.findLastIndex((item) => msOf(item) <= toMs);
    const next = this.#cursor === null ? first() : this.#cursor + by;
    const item = items[next];
    if (item === undefined) return;
    this.#cursor = next;
    this.#say(`${told(msOf(item))}: ${item.says}`);
    if (!this.#scale.reveal(msOf(item))) this.#draw();
  }

  zoom(factor: number): void {
    const item = this.#pointedAt();
    this.#scale.zoom(factor, item === undefined ? undefined : since(this.#lanes!, item.atNs));
  }

  pan(share: number): void {
    this.#scale.pan(share);
  }

  showAll(): void {
    this.#scale.show(this.#scale.whole);
  }

  #point(target: Element): void {
    const says = target.getAttribute('aria-label');
    if (says !== null && target.closest('svg') !== target) this.#say(says);
  }

  #say(text: string): void {
    this.#part('caption').textContent = text;
  }

  /** Only with a key held: who scrolls the page past a chart must not be caught by it. */
  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey || this.#lanes === null || this.#width === null) return;
    event.preventDefault();
    const [left, right] = plotArea(this.#lanes, this.#width);
    const share = (event.offsetX - left) / (right - left);
    const [fromMs, toMs] = this.#scale.stretch;
    this.#scale.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, fromMs + share * (toMs - fromMs));
  }
}

const ZOOM = 1.6;
const PAN = 0.3;
const KEYS: Readonly<Record<string, (view: View, shift: boolean) => void>> = {
  ArrowRight: (view, shift) => (shift ? view.pan(PAN) : view.step(1)),
  ArrowLeft: (view, shift) => (shift ? view.pan(-PAN) : view.step(-1)),
  '+': (view) => view.zoom(ZOOM),
  '=': (view) => view.zoom(ZOOM),
  '-': (view) => view.zoom(1 / ZOOM),
  '0': (view) => view.showAll(),
};
