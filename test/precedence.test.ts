/** Whoever watches others runs first, and none of them does. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { takePrecedence } from '../harness/host/precedence.ts';
import { findProgram } from '../harness/host/programs.ts';

const [USUAL, ROUND_ROBIN] = ['0', '2'];
/** The forty-first field of a process, of which the second may hold spaces. */
const POLICY = 38;

describe('the precedence of who watches', () => {
  function policyIn(stat: string): string | undefined {
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[POLICY];
  }

  async function untilIs(policy: string): Promise<void> {
    while (policyIn(readFileSync('/proc/self/stat', 'utf8')) !== policy) await sleep(10);
  }

  it('is had as long as anybody needs it, and not by those that are started meanwhile', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0 || findProgram('chrt') === null) this.skip();
    const [giveUp, alsoGiveUp] = [takePrecedence(), takePrecedence()];
    await untilIs(ROUND_ROBIN);
    expect(policyIn(execFileSync('cat', ['/proc/self/stat'], { encoding: 'utf8' }))).to.equal(USUAL);
    giveUp();
    await sleep(50);
    expect(policyIn(readFileSync('/proc/self/stat', 'utf8'))).to.equal(ROUND_ROBIN);
    alsoGiveUp();
    await untilIs(USUAL);
  });
});
