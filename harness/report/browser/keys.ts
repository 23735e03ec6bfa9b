/** The keys of a timeline. The page tells of them: harness/report/page-tools.ts. */

/** What can be driven by keys. */
export interface Driven {
  /** To the next thing that happened, or the one before. */
  step(by: 1 | -1): void;
  stepOfPlan(by: 1 | -1): void;
  zoom(factor: number): void;
  pan(share: number): void;
  showAll(): void;
}

/** How much closer a key comes, or the wheel. */
export const ZOOM = 1.6;
const PAN = 0.3;

const KEYS: Readonly<Record<string, (driven: Driven, shift: boolean) => void>> = {
  ArrowRight: (driven, shift) => (shift ? driven.pan(PAN) : driven.step(1)),
  ArrowLeft: (driven, shift) => (shift ? driven.pan(-PAN) : driven.step(-1)),
  '+': (driven) => driven.zoom(ZOOM),
  '=': (driven) => driven.zoom(ZOOM),
  '-': (driven) => driven.zoom(1 / ZOOM),
  '0': (driven) => driven.showAll(),
  '[': (driven) => driven.stepOfPlan(-1),
  ']': (driven) => driven.stepOfPlan(1),
};

export function drive(driven: Driven, event: KeyboardEvent): void {
  const act = KEYS[event.key];
  if (act === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  act(driven, event.shiftKey);
}
