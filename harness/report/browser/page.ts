/** The script of the page: draws every roll that it holds on one scale, and follows a roll that is still going on. */
import type { TraceEvent } from '../../trace/trace.ts';
import type { PageData, Shown } from '../document.ts';
import { lanesOf } from '../lanes.ts';
import { decisiveWindow } from '../story.ts';
import { Scale, type Stretch } from './scale.ts';
import { View } from './view.ts';

const data = JSON.parse(document.getElementById('data')!.textContent) as PageData;
const scale = new Scale(wholeOf(data.rolls), decisiveOf(data.rolls));
const views = data.rolls.map(
  (roll, index) => new View(document.querySelector<HTMLElement>(`[data-roll="${index}"]`)!, roll, scale),
);
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-do]')) {
  button.addEventListener('click', () => ACTIONS[button.dataset.do!]!());
}
if (data.live !== null) follow(data.live);
// Paper cannot be opened.
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
});

/** Long enough for all rolls: they begin at the same place. */
function wholeOf(rolls: readonly Shown[]): Stretch {
  const lengths = rolls.map(({ plan, trace }) => {
    const lanes = lanesOf(plan, trace);
    return lanes === null ? 1 : (lanes.toNs - lanes.fromNs) / 1e6;
  });
  return [0, Math.max(...lengths)];
}

/** What decides the last roll: in a comparison, the one that shows what the flag is for comes first. */
function decisiveOf(rolls: readonly Shown[]): Stretch {
  const last = rolls.at(-1)!;
  const lanes = lanesOf(last.plan, last.trace);
  if (lanes === null || data.live !== null) return wholeOf(rolls);
  const { fromNs, toNs } = decisiveWindow(lanes);
  return [(fromNs - lanes.fromNs) / 1e6, (toNs - lanes.fromNs) / 1e6];
}

const ACTIONS: Readonly<Record<string, () => void>> = {
  all: () => scale.show(scale.whole),
  decisive: () => scale.show(decisiveOf(data.rolls)),
  closer: () => scale.zoom(2),
  farther: () => scale.zoom(0.5),
  earlier: () => scale.pan(-0.3),
  later: () => scale.pan(0.3),
};

/** Events come one by one, and are drawn together: a page need not be quicker than the eye. */
function follow(address: string): void {
  const [roll] = data.rolls as [Shown];
  const trace: TraceEvent[] = [];
  let isDue = false;
  const source = new EventSource(address);
  source.addEventListener('trace', (message: MessageEvent<string>) => {
    trace.push(JSON.parse(message.data) as TraceEvent);
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      const shown = { ...roll, trace };
      views[0]!.update(shown);
      scale.extend(wholeOf([shown]));
    });
  });
  // The server has the verdict now, and a page that shows it.
  source.addEventListener('judged', () => {
    source.close();
    location.reload();
  });
}
