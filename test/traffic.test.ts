/** What the clients of the cluster tell of a member. */
import { expect } from 'chai';
import { type RecordsClient, RequestError } from '../harness/daemon/contract.ts';
import { Recorder } from '../harness/roll/recorder.ts';
import { Traffic } from '../harness/roll/traffic.ts';
import { RigEvent } from '../harness/trace/schema.ts';
import { rigEvents } from '../harness/trace/trace.ts';

describe('the clients of a cluster', () => {
  it('may ask for as long as a roll takes: its trace can be read all the same', () => {
    const tally = { atNs: 1, rig: 'tally', member: 'node01', operation: 'read', served: 1_000_000, failed: 20_000 };
    expect(RigEvent.safeParse(tally).success).to.equal(true);
  });

  it('tell it again where a member that says that it serves refuses in the very words in which it did before', async () => {
    const recorder = new Recorder();
    let serves = false;
    const traffic = new Traffic(
      recorder,
      1,
      () => serves,
      (error) => expect.fail(error.message),
    );
    let asked = 0;
    const refuse = async (): Promise<never> => {
      asked += 1;
      if (asked === 5) serves = true;
      throw new RequestError('refused', 'not now');
    };
    const client: RecordsClient = { write: refuse, readSome: refuse, readAll: refuse };
    await traffic.run('node01', () => client);
    while (asked < 9) await recorder.until(null, () => asked >= 9, 50, AbortSignal.timeout(5000));
    await traffic.stop();
    const told = rigEvents(recorder.trace, 'unavailable').map(({ operation }) => operation);
    expect(told.toSorted(), 'once before it serves, and once after').to.deep.equal(['read', 'read', 'write', 'write']);
  });
});
