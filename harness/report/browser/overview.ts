/** The whole roll, small, with the brush that chooses what is shown in detail. */
import { type BrushBehavior, brushX, type D3BrushEvent } from 'd3-brush';
import { select } from 'd3-selection';
import type { Lanes } from '../lanes.ts';
import { overviewChart, plotArea } from './chart.ts';
import type { Scale, Stretch } from './scale.ts';

/** The axis is no place to drag. */
const AXIS = 20;

export class Overview {
  readonly #place: HTMLElement;
  readonly #scale: Scale;
  #area: Stretch = [0, 1];
  #brush: BrushBehavior<unknown> = brushX();

  constructor(place: HTMLElement, scale: Scale) {
    this.#place = place;
    this.#scale = scale;
  }

  draw(lanes: Lanes, width: number): void {
    const chart = overviewChart(lanes, this.#scale.whole, width);
    this.#area = plotArea(lanes, width);
    this.#brush = this.#brushOver(Number(chart.getAttribute('height')));
    this.#place.replaceChildren(chart);
    select(chart as SVGSVGElement)
      .append<SVGGElement>('g')
      .attr('class', 'brush')
      .call(this.#brush);
    this.placeBrush();
  }

  /** Where the detail is. */
  placeBrush(): void {
    const group = this.#place.querySelector<SVGGElement>('.brush');
    if (group === null) return;
    const [left, right] = this.#area;
    const [firstMs, lastMs] = this.#scale.whole;
    const place = (ms: number): number => left + ((ms - firstMs) / (lastMs - firstMs)) * (right - left);
    const [fromMs, toMs] = this.#scale.stretch;
    select<SVGGElement, unknown>(group).call(this.#brush.move, [place(fromMs), place(toMs)]);
  }

  #brushOver(height: number): BrushBehavior<unknown> {
    const [left, right] = this.#area;
    return brushX()
      .extent([
        [left, 0],
        [right, height - AXIS],
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

  /** The instant below a place of the chart. */
  #timeAt(x: number): number {
    const [left, right] = this.#area;
    const [firstMs, lastMs] = this.#scale.whole;
    return firstMs + ((x - left) / (right - left)) * (lastMs - firstMs);
  }
}
