/** The script of the page: draws every roll that it holds, and follows a roll that is still going on. */
import type { Fate } from '../arrows.ts';
import { unpack } from '../columns.ts';
import { type PageData, type Shown, unpackRoll } from '../document.ts';
import { decisiveWindow } from '../story.ts';
import { followRoll } from './follow.ts';
import { since } from './instant.ts';
import { hashOf, momentIn } from './moment.ts';
import { Scale, type Stretch } from './scale.ts';
import { Search } from './search.ts';
import { Tip } from './tip.ts';
import { View } from './view.ts';

/** What is shown of a roll that goes on: this much at least, and so many times as much when that is full. */
const SHORTEST_MS = 2000;
const GROWTH = 1.5;

const data = JSON.parse(document.getElementById('data')!.textContent) as PageData;
let shown: readonly Shown[] = data.rolls.map(unpackRoll);
const tip = new Tip();
const scales = shown.map((roll) => new Scale(wholeOf(), decisiveOf(roll)));
const views = data.rolls.map(({ logs }, roll) => {
  const section = document.querySelector<HTMLElement>(`[data-roll="${roll}"]`)!;
  const moved = (ms: number): string => {
    const hash = hashOf({ ms, roll });
    history.replaceState(null, '', hash);
    return hash;
  };
  return new View(section, shown[roll]!, unpack(logs), scales[roll]!, { tip, moved });
});
const keys = document.querySelector<HTMLDialogElement>('[data-keys]')!;
const search = new Search(document.querySelector<HTMLFormElement>('[data-search]')!, (text) =>
  views.flatMap((view) => view.find(text)).sort((one, other) => one.ms - other.ms),
);
const linked = document.querySelector<HTMLInputElement>('[data-linked]');
const fates = [...document.querySelectorAll<HTMLInputElement>('[data-fate]')];

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-do]')) {
  button.addEventListener('click', () => ACTIONS[button.dataset.do!]!());
}
for (const box of fates) box.addEventListener('input', hideFates);
hideFates();
link();
goToHash();
addEventListener('hashchange', goToHash);
addEventListener('keydown', (event) => {
  if (isTyping(event.target as Element) || event.ctrlKey || event.altKey || event.metaKey) return;
  const act = PAGE_KEYS[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  for (const view of views) view.unfold();
});
if (data.live !== null) {
  followRoll(data.live, (roll, nowMs) => {
    shown = [roll];
    scales[0]!.extend(wholeOf());
    views[0]!.update(roll, nowMs);
    countFates();
  });
}

function hideFates(): void {
  const hidden = new Set(fates.filter((box) => !box.checked).map((box) => box.dataset.fate as Fate));
  for (const view of views) view.hide(hidden);
}

function countFates(): void {
  const arrows = shown.flatMap(({ lanes }) => lanes?.arrows ?? []);
  for (const output of document.querySelectorAll<HTMLElement>('[data-count]')) {
    output.textContent = String(arrows.filter(({ fate }) => fate === output.dataset.count).length);
  }
}

/** Where it is asked for, what is looked at in one roll is looked at in all. */
function link(): void {
  let isFollowing = false;
  const lead = (leader: Scale): void => {
    if (linked === null || !linked.checked || isFollowing) return;
    isFollowing = true;
    for (const scale of scales) if (scale !== leader) scale.show(leader.stretch);
    isFollowing = false;
  };
  for (const scale of scales) scale.observe(() => lead(scale));
  // The last roll of a comparison is the one that its verdict is about.
  linked?.addEventListener('input', () => lead(scales.at(-1)!));
}

function goToHash(): void {
  const moment = momentIn(location.hash);
  if (moment !== null) views[moment.roll]?.goTo(moment.ms, '');
}

function isTyping(target: Element): boolean {
  return target.matches('input:not([type="checkbox"]), select, textarea');
}

/** Long enough for all rolls: they begin at the same place. A roll that goes on has room for its now to move. */
function wholeOf(): Stretch {
  const toMs = Math.max(...shown.map(({ lanes }) => (lanes === null ? 1 : since(lanes, lanes.toNs))));
  return [
    0,
    data.live === null
      ? toMs
      : SHORTEST_MS * GROWTH ** Math.ceil(Math.log(Math.max(1, toMs / SHORTEST_MS)) / Math.log(GROWTH)),
  ];
}

function decisiveOf({ lanes }: Shown): Stretch {
  if (lanes === null || data.live !== null) return wholeOf();
  const { fromNs, toNs } = decisiveWindow(lanes);
  return [since(lanes, fromNs), since(lanes, toNs)];
}

function all(does: (scale: Scale, roll: number) => void): () => void {
  return () => scales.forEach(does);
}

const ACTIONS: Readonly<Record<string, () => void>> = {
  all: all((scale) => scale.show(scale.whole)),
  decisive: all((scale, roll) => scale.show(decisiveOf(shown[roll]!))),
  closer: all((scale) => scale.zoom(2)),
  farther: all((scale) => scale.zoom(0.5)),
  earlier: all((scale) => scale.pan(-0.3)),
  later: all((scale) => scale.pan(0.3)),
  keys: () => keys.showModal(),
};

const PAGE_KEYS: Readonly<Record<string, () => void>> = {
  '?': () => (keys.open ? keys.close() : keys.showModal()),
  '/': () => search.focus(),
};
