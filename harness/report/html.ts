/** Escaping, and pages: HTML that stands on its own, with its style within. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

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
  const css = new Html(readFileSync(join(import.meta.dirname, 'page.css'), 'utf8'));
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
  return String(part).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
