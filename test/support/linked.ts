/** A rig that has a network with links, and goes on having it until it is killed. */
import { PrivateNetwork } from '../../harness/runtime/namespaces/private-network.ts';

await PrivateNetwork.make({
  run: 'test-killed',
  members: ['node01', 'node02'],
  port: 7000,
  folder: process.argv[2]!,
  linked: () => true,
  env: { PATH: process.env.PATH ?? '' },
  lost: () => undefined,
});
console.log('made');
setInterval(() => undefined, 1000);
