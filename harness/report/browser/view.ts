/** One roll on the page: its overview, its detail, the steps of its plan, what the reader is at, its story and its logs. */
import type { LogLine } from '../../trace/log-line.ts';
import type { Fate } from '../arrows.ts';
import type { Shown } from '../document.ts';
import type { Lanes, Span } from '../lanes.ts';
import { type Item, Parks, storyOf } from '../story.ts';
import { barWords, detailChart, plotArea } from './chart.ts';
import { since, told } from './instant.ts';
import { drive, ZOOM } from './keys.ts';
import { LogTable } from './log-table.ts';
import { Overview } from './overview.ts';
import { explainWhatIsPointedAt } from './pointing.ts';
import { Rows } from './rows.ts';
import type { Scale, Stretch } from './scale.ts';
import type { Hit } from './search.ts';
import { Section } from './section.ts';
import { StepList } from './steps.ts';
import type { Tip } from './tip.ts';

/** What views of a page share. */
export interface Host {
  readonly tip: Tip;
  /** The reader has gone to a moment of this roll. Returns the address of it. */
  moved(ms: number): string;
}

export class View {
  readonly #section: Section;
  readonly #scale: Scale;
  readonly #host: Host;
  readonly #overview: Overview;
  readonly #rows: Rows<Item>;
  readonly #logs: LogTable;
  readonly #steps: StepList;
  /** All that there is, and what of it is shown. */
  #all: Shown;
  #lanes: Lanes | null = null;
  #parks = new Parks([]);
  #hidden: ReadonlySet<Fate> = new Set();
  /** Told when it is asked for: a long one takes its time. */
  #story: readonly Item[] | null = null;
  /** The item that the arrow keys have come to. */
  #cursor: number | null = null;
  /** The instant that the reader is at, be it an item or not. */
  #momentMs: number | null = null;
  #nowMs: number | null = null;
  /** Of a step that was chosen: its log lines may lie before the lanes begin. */
  #logStretch: Stretch | null = null;
  #spans: ReadonlyMap<Element, Span> = new Map();
  /** Null until the page has been laid out. */
  #width: number | null = null;

  /** @param section made by the server, with a place for each part */
  constructor(section: HTMLElement, shown: Shown, logs: readonly LogLine[], scale: Scale, host: Host) {
    this.#section = new Section(section);
    this.#scale = scale;
    this.#host = host;
    this.#all = shown;
    this.#overview = new Overview(this.#section.part('overview'), scale);
    this.#rows = new Rows(this.#section.part<HTMLTableElement>('story'), (item) => [
      told(since(this.#lanes!, item.atNs)),
      item.member ?? 'cluster',
      item.says,
    ]);
    const [form, table] = [
      this.#section.part<HTMLFormElement>('log-filter'),
      this.#section.part<HTMLTableElement>('log'),
    ];
    const stretch = (): Stretch => this.#logStretch ?? scale.stretch;
    this.#logs = new LogTable(form, table, logs, shown.lanes?.fromNs ?? 0, stretch);
    this.#steps = new StepList(this.#section.part('steps'), (chosen, says) => this.#showStep(chosen, says));
    this.#choose();
    this.#listen();
  }

  /** The roll has gone on. */
  update(shown: Shown, nowMs: number): void {
    this.#all = shown;
    this.#nowMs = nowMs;
    this.#choose();
    this.#drawAll();
  }

  /** Notices of these fates are not shown. */
  hide(fates: ReadonlySet<Fate>): void {
    this.#hidden = fates;
    this.#cursor = null;
    this.#choose();
    this.#draw();
  }

  /** Paper can neither be opened nor scrolled. */
  unfold(): void {
    this.#section.unfold();
    this.#tellStory();
    this.#rows.makeAll();
    this.#logs.draw();
    this.#logs.makeAll();
  }

  /** Everything that happened or was logged that holds a text. */
  find(text: string): Hit[] {
    const lanes = this.#all.lanes;
    if (lanes === null) return [];
    const items = storyOf(lanes, this.#all.waits).map(({ atNs, says }) => ({
      ms: since(lanes, atNs),
      says,
      isLog: false,
    }));
    const lines = this.#logs.lines.map(({ ms, line }) => ({ ms, says: `${line.member}: ${line.text}`, isLog: true }));
    return [...items, ...lines]
      .filter(({ says }) => says.toLowerCase().includes(text))
      .sort((one, other) => one.ms - other.ms)
      .map(({ ms, says, isLog }) => ({ ms, says, go: () => this.goTo(ms, says, isLog) }));
  }

  /** Put the reader at an instant. @param withLog whether its log lines are to be seen */
  goTo(ms: number, says: string, withLog = false): void {
    this.#momentMs = ms;
    this.#logStretch = null;
    this.#say(`${told(ms)}${says === '' ? '' : `: ${says}`}`);
    const link = this.#section.part<HTMLAnchorElement>('link');
    link.href = this.#host.moved(ms);
    link.hidden = false;
    if (withLog) this.#section.detailsOf('log').open = true;
    if (!this.#scale.reveal(ms)) this.#draw();
  }

  /** To the next thing that happened, or the one before. */
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
    this.goTo(msOf(item), item.says);
  }

  stepOfPlan(by: 1 | -1): void {
    this.#steps.go(by);
  }

  zoom(factor: number): void {
    this.#scale.zoom(factor, this.#momentMs ?? undefined);
  }

  pan(share: number): void {
    this.#scale.pan(share);
  }

  showAll(): void {
    this.#scale.show(this.#scale.whole);
  }

  #choose(): void {
    const { lanes, waits } = this.#all;
    this.#lanes =
      lanes === null ? null : { ...lanes, arrows: lanes.arrows.filter(({ fate }) => !this.#hidden.has(fate)) };
    this.#parks = new Parks(waits);
    this.#story = null;
    if (lanes !== null) {
      const began = this.#all.steps.map((atNs) => (atNs === null ? null : since(lanes, atNs)));
      this.#steps.update(began, since(lanes, lanes.toNs));
    }
    if (this.#section.isOpen('story')) this.#tellStory();
  }

  #listen(): void {
    const detail = this.#section.part('detail');
    detail.addEventListener('keydown', (event) => drive(this, event));
    explainWhatIsPointedAt(detail, this.#host.tip, {
      words: (element, clientX) => this.#wordsOf(element, clientX),
      say: (text) => this.#say(text),
      go: (clientX, says) => this.goTo(this.#msAt(clientX), says),
    });
    detail.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    this.#section.onOpen('story', () => this.#tellStory());
    this.#section.onOpen('log', () => this.#logs.draw());
    this.#scale.observe(() => {
      this.#logStretch = null;
      this.#draw();
    });
    this.#section.onWidth('lanes', (width) => {
      this.#width = width;
      this.#drawAll();
    });
  }

  #drawAll(): void {
    if (this.#lanes !== null && this.#width !== null) this.#overview.draw(this.#lanes, this.#width);
    this.#draw();
  }

  #draw(): void {
    const lanes = this.#lanes;
    if (lanes === null || this.#width === null) return;
    const { stretch } = this.#scale;
    const instants = { cursorMs: this.#momentMs, nowMs: this.#nowMs };
    const { chart, spans } = detailChart(lanes, this.#parks, stretch, this.#width, instants);
    this.#spans = spans;
    this.#section.part('detail').replaceChildren(chart);
    this.#overview.placeBrush();
    this.#steps.mark(this.#momentMs ?? this.#nowMs ?? stretch[0]);
    if (this.#section.isOpen('log')) this.#logs.draw();
  }

  /** A step of the plan, whole, with its log lines. */
  #showStep([fromMs, toMs]: Stretch, says: string): void {
    const paddingMs = Math.max((toMs - fromMs) / 20, 0.5);
    this.#cursor = null;
    this.#scale.show([fromMs - paddingMs, toMs + paddingMs]);
    this.goTo(fromMs, `${says}, ${told(toMs - fromMs)}`, true);
    this.#logStretch = [fromMs, toMs];
    this.#logs.draw();
  }

  #items(): readonly Item[] {
    this.#story ??= this.#lanes === null ? [] : storyOf(this.#lanes, this.#all.waits);
    return this.#story;
  }

  #tellStory(): void {
    this.#rows.show(this.#items());
  }

  /** What a bar says at the instant that is pointed at; null for what says the same everywhere. */
  #wordsOf(element: Element, clientX: number): string | null {
    const span = this.#spans.get(element);
    const lanes = this.#lanes;
    if (span === undefined || lanes === null) return null;
    const atNs = lanes.fromNs + this.#msAt(clientX) * 1e6;
    return barWords(lanes, this.#parks, span, Math.min(span.toNs, Math.max(span.fromNs, atNs)));
  }

  /** The instant below a place of the window. */
  #msAt(clientX: number): number {
    const [left, right] = plotArea(this.#lanes!, this.#width!);
    const share = (clientX - this.#section.part('detail').getBoundingClientRect().left - left) / (right - left);
    const [fromMs, toMs] = this.#scale.stretch;
    return fromMs + share * (toMs - fromMs);
  }

  #say(text: string): void {
    this.#section.part('caption').textContent = text;
  }

  /** Only with a key held: who scrolls the page past a chart must not be caught by it. */
  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey || this.#lanes === null || this.#width === null) return;
    event.preventDefault();
    this.#scale.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, this.#msAt(event.clientX));
  }
}
