/** The script of the page: draws every roll that it holds on one scale, and follows a roll that is still going on. */
import { unpack } from '../columns.ts';
import { lanesIn, type PageData } from '../document.ts';
import type { Lanes } from '../lanes.ts';
import { decisiveWindow } from '../story.ts';
import { follow } from './follow.ts';
import { since } from './instant.ts';
import { Scale, type Stretch } from './scale.ts';
import { View } from './view.ts';

const data = JSON.parse(document.getElementById('data')!.textContent) as PageData;
let shown = data.rolls.map(lanesIn);
const scale = new Scale(wholeOf(), decisiveOf());
const views = data.rolls.map(({ logs }, index) => {
  const section = document.querySelector<HTMLElement>(`[data-roll="${index}"]`)!;
  return new View(section, shown[index]!, unpack(logs), scale);
});

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-do]')) {
  button.addEventListener('click', () => ACTIONS[button.dataset.do!]!());
}
const idle = document.querySelector<HTMLInputElement>('[data-show="idle"]')!;
idle.addEventListener('input', showIdle);
showIdle();
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  for (const view of views) view.unfold();
});
if (data.live !== null) {
  follow(data.live, (lanes) => {
    shown = [lanes];
    scale.extend(wholeOf());
    views[0]!.update(lanes);
  });
}

function showIdle(): void {
  for (const view of views) view.showIdle(idle.checked);
}

/** Long enough for all rolls: they begin at the same place. */
function wholeOf(): Stretch {
  return [0, Math.max(...shown.map((lanes) => (lanes === null ? 1 : since(lanes, lanes.toNs))))];
}

/** What decides the last roll: in a comparison, the one that shows what the flag is for comes first. */
function decisiveOf(): Stretch {
  const last: Lanes | null = shown.at(-1)!;
  if (last === null || data.live !== null) return wholeOf();
  const { fromNs, toNs } = decisiveWindow(last);
  return [since(last, fromNs), since(last, toNs)];
}

const ACTIONS: Readonly<Record<string, () => void>> = {
  all: () => scale.show(scale.whole),
  decisive: () => scale.show(decisiveOf()),
  closer: () => scale.zoom(2),
  farther: () => scale.zoom(0.5),
  earlier: () => scale.pan(-0.3),
  later: () => scale.pan(0.3),
};
