/** One roll on the page: its overview with the brush, its detail, what the keyboard points at, and its logs. */
import { type BrushBehavior, brushX, type D3BrushEvent } from 'd3-brush';
import { select } from 'd3-selection';
import type { Shown } from '../document.ts';
import { type Lanes, lanesOf } from '../lanes.ts';
import { type Item, storyOf } from '../story.ts';
import { detailChart, overviewChart, plotArea, told } from './chart.ts';
import type { Scale, Stretch } from './scale.ts';

const NARROWEST = 360;

export class View {
  readonly #section: HTMLElement;
  readonly #scale: Scale;
  #shown: Shown;
  #lanes: Lanes | null;
  #story: readonly Item[] = [];
  /** The item that the keyboard points at. */
  #cursor: number | null = null;
  #brush: BrushBehavior<unknown> = brushX();

  /** @param section made by the server, with a place for each part */
  constructor(section: HTMLElement, shown: Shown, scale: Scale) {
    this.#section = section;
    this.#shown = shown;
    this.#scale = scale;
    this.#lanes = lanesOf(shown.plan, shown.trace);
    this.#part('detail').addEventListener('keydown', (event) => this.#key(event));
    for (const kind of ['pointerover', 'focusin'] as const) {
      this.#part('detail').addEventListener(kind, (event) => this.#point(event.target as Element));
    }
    this.#part('detail').addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => this.#drawAll()).observe(section);
    scale.observe(() => this.#draw());
    this.#tellStory();
    this.#writeLogs();
  }

  /** The roll has gone on. */
  update(shown: Shown): void {
    this.#shown = shown;
    this.#lanes = lanesOf(shown.plan, shown.trace);
    this.#tellStory();
    this.#drawAll();
  }

  #part(name: string): HTMLElement {
    const part = this.#section.querySelector<HTMLElement>(`[data-part="${name}"]`);
    if (part === null) throw new Error(`the page has no part '${name}'`);
    return part;
  }

  get #width(): number {
    return Math.max(NARROWEST, this.#section.clientWidth);
  }

  #drawAll(): void {
    this.#drawOverview();
    this.#draw();
  }

  #drawOverview(): void {
    if (this.#lanes === null) return;
    const chart = overviewChart(this.#lanes, this.#scale.whole, this.#width);
    this.#brush = this.#brushOver(chart);
    this.#part('overview').replaceChildren(chart);
    select(chart as SVGSVGElement)
      .append<SVGGElement>('g')
      .attr('class', 'brush')
      .call(this.#brush);
    this.#placeBrush();
  }

  #brushOver(chart: Element): BrushBehavior<unknown> {
    const [left, right] = plotArea(this.#width);
    const height = Number(chart.getAttribute('height'));
    return brushX()
      .extent([
        [left, 0],
        [right, height - 20],
      ])
      .on('brush end', (event: D3BrushEvent<unknown>) => {
        // Moved by the page itself, not by hand.
        if (event.sourceEvent === null || event.sourceEvent === undefined) return;
        const chosen = event.selection as [number, number] | null;
        this.#scale.show(
          chosen === null ? this.#scale.whole : (chosen.map((x) => this.#timeAt(x)) as [number, number]),
        );
      });
  }

  #placeBrush(): void {
    const group = this.#part('overview').querySelector<SVGGElement>('.brush');
    if (group === null) return;
    const [left, right] = plotArea(this.#width);
    const [firstMs, lastMs] = this.#scale.whole;
    const place = (ms: number): number => left + ((ms - firstMs) / (lastMs - firstMs)) * (right - left);
    const [fromMs, toMs] = this.#scale.stretch;
    select<SVGGElement, unknown>(group).call(this.#brush.move, [place(fromMs), place(toMs)]);
  }

  /** The instant below a place of the overview. */
  #timeAt(x: number): number {
    const [left, right] = plotArea(this.#width);
    const [firstMs, lastMs] = this.#scale.whole;
    return firstMs + ((x - left) / (right - left)) * (lastMs - firstMs);
  }

  #draw(): void {
    const lanes = this.#lanes;
    if (lanes === null) return;
    const item = this.#cursor === null ? undefined : this.#story[this.#cursor];
    const cursorMs = item === undefined ? null : (item.atNs - lanes.fromNs) / 1e6;
    this.#part('detail').replaceChildren(detailChart(lanes, this.#scale.stretch, this.#width, cursorMs));
    this.#placeBrush();
    this.#filterLogs(this.#scale.stretch);
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
    if (lanes === null || this.#story.length === 0) return;
    const [fromMs, toMs] = this.#scale.stretch;
    const times = this.#story.map((item) => (item.atNs - lanes.fromNs) / 1e6);
    // The first step is to what can be seen, not to what is far away.
    const first = by === 1 ? times.findIndex((ms) => ms >= fromMs) : times.findLastIndex((ms) => ms <= toMs);
    const next = this.#cursor === null ? first : this.#cursor + by;
    const item = this.#story[next];
    if (item === undefined) return;
    this.#cursor = next;
    this.#say(`${told(times[next]!)}: ${item.says}`);
    this.#scale.reveal(times[next]!);
    this.#draw();
  }

  zoom(factor: number): void {
    const item = this.#cursor === null ? undefined : this.#story[this.#cursor];
    this.#scale.zoom(factor, item === undefined ? undefined : (item.atNs - this.#lanes!.fromNs) / 1e6);
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
    if (!event.ctrlKey) return;
    event.preventDefault();
    const [left, right] = plotArea(this.#width);
    const share = (event.offsetX - left) / (right - left);
    const [fromMs, toMs] = this.#scale.stretch;
    this.#scale.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, fromMs + share * (toMs - fromMs));
  }

  #tellStory(): void {
    const lanes = this.#lanes;
    this.#story = lanes === null ? [] : storyOf(lanes);
    const rows = this.#story.map((item) => {
      const row = document.createElement('tr');
      for (const text of [told((item.atNs - lanes!.fromNs) / 1e6), item.member ?? 'cluster', item.says]) {
        row.insertCell().textContent = text;
      }
      return row;
    });
    this.#part('story').replaceChildren(...rows);
  }

  #writeLogs(): void {
    const fromNs = this.#lanes?.fromNs ?? 0;
    const items = this.#shown.logs.map(({ member, atNs, text }) => {
      const item = document.createElement('li');
      item.dataset.ms = String((atNs - fromNs) / 1e6);
      item.dataset.member = member;
      const time = document.createElement('span');
      time.className = 'time';
      time.textContent = told((atNs - fromNs) / 1e6);
      item.append(time, ` ${member} `, text);
      return item;
    });
    this.#part('log').replaceChildren(...items);
    this.#part('log-filter').addEventListener('input', () => this.#filterLogs(this.#scale.stretch));
    this.#filterLogs(this.#scale.stretch);
  }

  /** The lines of one member or of all, and of the time that is looked at or of all. */
  #filterLogs([fromMs, toMs]: Stretch): void {
    const form = this.#part('log-filter') as HTMLFormElement;
    const chosen = new FormData(form);
    const member = chosen.get('member');
    const onlyStretch = chosen.get('stretch') !== null;
    for (const item of this.#part('log').querySelectorAll<HTMLElement>('li')) {
      const ms = Number(item.dataset.ms);
      const isOf = member === '' || member === null || item.dataset.member === member;
      item.hidden = !isOf || (onlyStretch && (ms < fromMs || ms > toMs));
    }
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
