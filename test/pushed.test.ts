/** Events that a member prints: each is taken in, or known to be missing. */
import { expect } from 'chai';
import type { Told } from '../harness/daemon/contract.ts';
import { pushed } from '../harness/daemon/pushed.ts';
import { nowNs } from '../node/clock.ts';

/** What becomes of the lines that a member prints, in order. */
function toldOf(...lines: readonly string[]): string[] {
  const told: string[] = [];
  const to: Told = {
    event: ({ event }) => void told.push(event),
    missed: (_member, text) => void told.push(`missed: ${text}`),
    remark: (_member, text) => void told.push(`remark: ${text}`),
    contradiction: (_member, text) => void told.push(`contradiction: ${text}`),
  };
  const attendance = pushed('node01', to, nowNs() - 1e9);
  for (const line of lines) attendance.line('stdout', line, nowNs());
  return told;
}

describe('an event that a member prints', () => {
  const event = (fields: object): string => JSON.stringify({ atNs: nowNs(), member: 'node01', ...fields });
  const open = (): string => event({ event: 'open' });

  it('is taken in; other lines, JSON too, are for people', () => {
    const lines = ['Good morning', '{"level":"info","event":"open"}', '{"event":"GET /","status":200}'];
    expect(toldOf(...lines.slice(0, 2), open())).to.deep.equal(['open']);
    expect(toldOf(lines[2]!)).to.have.length(1);
    expect(toldOf(lines[2]!)[0]).to.match(/^remark: /);
    expect(toldOf(event({ event: 'of-a-newer-daemon' }))[0]).to.match(/^remark: /);
  });

  const cases: ReadonlyArray<readonly [what: string, line: () => string]> = [
    ['has a field that is not as it must be', () => event({ event: 'woken', gate: 'api', by: 'magic' })],
    ['has a name of somebody else', () => open().replace('node01', 'node02')],
    ['is from another clock', () => event({ event: 'open', atNs: 1 })],
    ['comes after something else on its line', () => `50 % done${open()}`],
    ['has another behind it on its line', () => open() + open()],
    ['is cut', () => open().slice(0, -8)],
  ];
  for (const [what, line] of cases) {
    it(`and ${what} is known to be missing`, () => {
      const [first, second] = toldOf(line(), open());
      expect(first).to.match(/^missed: printed an event that cannot be read \(/);
      expect(second).to.equal('open');
    });
  }

  it('was not told where there is only a part of the last words of one that ended', () => {
    expect(toldOf(open().slice(0, -8))).to.deep.equal([]);
  });
});
