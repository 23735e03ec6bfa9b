/** The gates of a timeline can be told apart without colours: as pixels, in the three common kinds of colour blindness. */
import { expect } from 'chai';
import { html, pageOf } from '../harness/report/html.ts';
import { patterns } from '../harness/report/legend.ts';
import { EVENT_GATES } from '../node/events.ts';
import { lookAtPages } from './support/browser.ts';
import { type Colour, contrast, luminance, SIGHTS, type Sight } from './support/colour-blindness.ts';

/** The side of a sample, in pixels: many times the size of a pattern. */
const SIDE = 60;
/** Shifts of one hatching against another; no pattern is longer, slanted ones across included. */
const LONGEST = 10;
/** What WCAG 2.2 asks of graphics (1.4.11). */
const LEAST_CONTRAST = 3;
/** Of the pixels of two hatchings that are laid over each other as well as can be, so many differ. */
const LEAST_DIFFERENCE = 0.35;

type Picture = readonly (readonly number[])[];

describe('the hatching of the gates', function () {
  this.timeout(60_000);
  const looking = lookAtPages();

  /** The colour of every pixel of a sample of each gate at which members are parked, row by row. */
  async function samples(colorScheme: 'light' | 'dark'): Promise<Colour[][][]> {
    const rects = EVENT_GATES.map(
      (gate, index) => html`<rect x="${index * SIDE}" width="${SIDE}" height="${SIDE}" fill="url(#parked-${gate})"/>`,
    );
    const size = { width: EVENT_GATES.length * SIDE, height: SIDE };
    const body = html`${patterns()}<svg width="${size.width}" height="${size.height}" style="position:fixed;inset:0">${rects}</svg>`;
    const page = await looking.browser.newPage({ viewport: { width: 800, height: 400 }, colorScheme });
    await page.setContent(pageOf('hatching', body));
    const picture = (await page.screenshot({ clip: { x: 0, y: 0, ...size } })).toString('base64');
    const bytes = await page.evaluate<number[]>(`(async () => {
      const image = new Image();
      image.src = 'data:image/png;base64,${picture}';
      await image.decode();
      const canvas = new OffscreenCanvas(${size.width}, ${size.height}).getContext('2d');
      canvas.drawImage(image, 0, 0);
      return [...canvas.getImageData(0, 0, ${size.width}, ${size.height}).data];
    })()`);
    await page.close();
    const pixel = (x: number, y: number): Colour => {
      const at = 4 * (y * size.width + x);
      return [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
    };
    return EVENT_GATES.map((_, gate) =>
      Array.from({ length: SIDE }, (_row, y) => Array.from({ length: SIDE }, (_cell, x) => pixel(gate * SIDE + x, y))),
    );
  }

  for (const scheme of ['light', 'dark'] as const) {
    it(`can be seen and be told apart in whatever colours one sees, on ${scheme} paper`, async () => {
      const pictures = await samples(scheme);
      for (const sight of Object.keys(SIGHTS) as Sight[]) {
        const seen = pictures.map((picture) => picture.map((row) => row.map((colour) => luminance(colour, sight))));
        for (const [index, picture] of seen.entries()) {
          const all = picture.flat();
          expect(contrast(Math.max(...all), Math.min(...all)), `${EVENT_GATES[index]}, ${sight}`).to.be.at.least(
            LEAST_CONTRAST,
          );
        }
        const shapes = seen.map(inked);
        for (const [one, first] of shapes.entries()) {
          for (const [other, second] of shapes.entries()) {
            if (other <= one) continue;
            const words = `${EVENT_GATES[one]} and ${EVENT_GATES[other]}, ${sight}`;
            expect(differenceOf(first, second), words).to.be.at.least(LEAST_DIFFERENCE);
          }
        }
      }
    });
  }
});

/** The shape alone: 1 where it is lighter than its middle, 0 where it is darker, whatever the two colours are. */
function inked(picture: Picture): Picture {
  const all = picture.flat();
  const middle = (Math.max(...all) + Math.min(...all)) / 2;
  return picture.map((row) => row.map((light) => (light > middle ? 1 : 0)));
}

/** The share of pixels that differ, where one is shifted, or exchanged with its negative, so that the fewest do. */
function differenceOf(one: Picture, other: Picture): number {
  const side = SIDE - LONGEST;
  let least = 1;
  for (let down = 0; down < LONGEST; down += 1) {
    for (let right = 0; right < LONGEST; right += 1) {
      let differing = 0;
      for (let y = 0; y < side; y += 1) {
        for (let x = 0; x < side; x += 1) differing += one[y]![x] === other[y + down]![x + right] ? 0 : 1;
      }
      const share = differing / side ** 2;
      least = Math.min(least, share, 1 - share);
    }
  }
  return least;
}
