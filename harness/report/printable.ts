/** Text that a daemon printed, or that came from a file, as a terminal may show it: nothing in it can move a cursor or a colour. */

/** Control characters, but for the end of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

/** The same text, with each control character as its code: `\u001b`. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
