/** What members are called: node01, node02, and so on. */

/** The member of a number, counted from 1. */
export function memberName(number: number): string {
  return `node${String(number).padStart(2, '0')}`;
}

/** The first so many. */
export function memberNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => memberName(index + 1));
}

/** The 3 of node03. */
export function numberOf(member: string): number {
  return Number(member.slice('node'.length));
}
