/** Escaping, and pages: HTML that stands on its own, with its style within. */
import { readFileSync } from 'node:fs';
import { built } from '../host/paths.ts';

/** A piece of HTML: what is put into it has been escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[];

/** A template whose parts are escaped, unless they are HTML already. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.map((string, index) => string + (index < parts.length ? textOf(parts[index]!) : '')).join(''),
  );
}

/** A whole page. */
export function pageOf(title: string, body: Html): string {
  const css = new Html(readFileSync(built.pageStyle, 'utf8'));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${css}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return page.text;
}

/** Data for a script of the page. Nothing in it can end the element that it stands in. */
export function dataElement(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return new Html(`<script type="application/json" id="${id}">${json}</script>`);
}

/** A script. It must not hold the text that would end its element; a bundle of ours does not. */
export function scriptElement(code: string): Html {
  return new Html(`<script>${code.replaceAll('</script', '<\\/script')}</script>`);
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map((piece: Html) => piece.text).join('\n');
  return visible(String(part)).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Control characters as the signs for them: a page cannot hold them, and a terminal's colours should be seen to be there. */
function visible(text: string): string {
  return [...text].map((character) => CONTROL_SIGNS.get(character) ?? character).join('');
}

const CONTROL_SIGNS: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code))
    .filter((character) => !/\s/.test(character))
    .map((character) => [character, String.fromCharCode(0x2400 + character.charCodeAt(0))]),
);
