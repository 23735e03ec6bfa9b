import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { expect } from 'chai';
import { type Answered, ask } from '../harness/host/http.ts';
import { type KeyPair, makeCertificate } from '../node/trust/certificate.ts';

describe('what the rig asks over TLS', () => {
  let shown: KeyPair;
  let server: Server;
  let connections: number;
  let refusesAsMany: number;

  before(async () => {
    shown = await makeCertificate('cluster');
    server = createServer({ cert: shown.certificate, key: shown.key }, ({ socket }, response) => {
      refusesAsMany -= 1;
      if (refusesAsMany >= 0) socket.destroy();
      else response.end('yes');
    });
    server.on('secureConnection', (_: Socket) => {
      connections += 1;
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  beforeEach(() => {
    connections = 0;
    refusesAsMany = 0;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const as = (context = createSecureContext({ ca: shown.certificate })) => {
    const { port } = server.address() as AddressInfo;
    const secure = { context, isPinned: true };
    return (): Promise<Answered> =>
      ask({ method: 'GET', authority: `127.0.0.1:${port}`, path: '/', timeoutMs: 10_000, secure });
  };

  it('goes over a connection that is kept, by whoever opened it and by nobody else', async () => {
    const [one, other] = [as(), as()];
    for (let asked = 0; asked < 3; asked += 1) await one();
    expect(connections).to.equal(1);
    await other();
    expect(connections).to.equal(2);
  });

  it('is asked again, of whoever has the certificate, where the connection that was kept has died', async () => {
    const one = as();
    await one();
    refusesAsMany = 1;
    expect(await one()).to.deep.equal({ status: 200, text: 'yes' });
    expect(connections).to.equal(2);
  });
});
