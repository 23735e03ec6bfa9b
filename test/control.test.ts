import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { bundleDaemon } from '../harness/build/bundle.ts';
import { askControl } from '../node/control/client.ts';
import { requestOf } from '../node/control/commands.ts';
import { listenAtSocket } from '../node/control/socket.ts';
import { Daemons } from './support/daemons.ts';

const LIMIT_MS = 5000;
const DISARM = { method: 'DELETE', path: '/failpoints' } as const;

describe('the control socket of a member', () => {
  let daemons: Daemons | null = null;
  afterEach(async () => {
    await daemons?.close();
    daemons = null;
  });

  it('is for its own user, and drives it; its program asks there too', async () => {
    daemons = await Daemons.of({ members: 1, from: 'v3', to: 'v4' });
    await daemons.cluster();
    const { stateFolder } = daemons.seat('node01');
    expect(statSync(join(stateFolder, 'control.sock')).mode & 0o777).to.equal(0o600);
    const { main } = await bundleDaemon();
    const ask = (...command: string[]) =>
      execa(process.execPath, [main, 'control', '--state', stateFolder, ...command], { reject: false });
    const disarmed = await ask('disarm');
    expect([disarmed.exitCode, disarmed.stdout]).to.deep.equal([0, '{"released":"all"}']);
    const refused = await ask('remove', 'node01');
    expect(refused.exitCode).to.equal(1);
    expect(refused.stdout).to.contain('node01 is the last member');
    const wrong = await ask('remove');
    expect(wrong.exitCode).to.equal(2);
    expect(wrong.stderr).to.contain('remove NAME');
    const negative = await ask('token', 'node09', '-1s');
    expect([negative.exitCode, negative.stderr.split('\n').length]).to.deep.equal([2, 1]);
    expect(negative.stderr).to.contain("'-1'");
    for (const [command, status, says] of [
      [['token', 'node09', '30d'], 400, '30d: how long a token is good must be a duration such as'],
      [['token', 'node_09'], 400, 'node_09: the name of a member must be letters'],
      [['token', 'x'.repeat(64)], 400, 'at most 63'],
      [['token', 'node01'], 409, 'there is a member node01 at '],
    ] as const) {
      const answer = await askControl(stateFolder, requestOf(command)!, LIMIT_MS);
      expect([answer.status, answer.body]).to.satisfy(
        ([told, body]: [number, string]) => told === status && body.includes(says),
        answer.body,
      );
    }
  });

  it('is not there unless it was asked for, and nothing that drives a member is anywhere else', async () => {
    daemons = await Daemons.of({ members: 1, from: 'v3', to: 'v4' });
    const [only] = await daemons.cluster();
    const { stateFolder } = daemons.seat('node01');
    for (const [method, path] of [
      ['POST', 'internal/leader'],
      ['DELETE', 'internal/members/node01'],
      ['DELETE', 'internal/failpoints'],
      ['DELETE', 'failpoints'],
      ['POST', 'leader'],
    ] as const)
      expect((await daemons.http('node01', 'node01')(path, { method })).statusCode, path).to.equal(404);
    await only!.stop('SIGTERM', LIMIT_MS);
    await daemons.start('node01', 'start', 'v3', [], [], (arg) => arg !== '--control');
    await daemons.said('node01', 'open', () => true, 2);
    expect(existsSync(join(stateFolder, 'control.sock'))).to.equal(false);
    const asked = askControl(stateFolder, DISARM, LIMIT_MS).catch((error: Error) => error.message);
    expect(await asked).to.contain('ENOENT');
  });

  it('is reached below a folder with a name of any length, also where somebody who was killed had it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rig-test-'));
    const deep = join(folder, 'x'.repeat(100), 'y'.repeat(100));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, 'control.sock'), '');
    const server = createServer((request, response) => response.end(request.url));
    try {
      await listenAtSocket(server, deep);
      expect((await askControl(deep, DISARM, LIMIT_MS)).body).to.equal('/failpoints');
      expect(statSync(join(deep, 'control.sock')).mode & 0o777).to.equal(0o600);
    } finally {
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    }
  });
});
