/** What rolls have made in an engine, found by its labels, and its removal. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { LABELS } from '../host/labels.ts';
import { isOwnerAlive } from '../host/owner.ts';
import { EnvironmentError } from '../input/errors.ts';

/** A network goes only when its last container has, which another rig may be removing at the same time. */
const TRIES = 50;
const AGAIN_MS = 100;

interface Made {
  readonly containers: readonly Dockerode.ContainerInfo[];
  readonly networks: readonly Dockerode.NetworkInspectInfo[];
  readonly volumes: readonly Dockerode.VolumeInspectInfo[];
}

/** Of rigs that are gone. @returns what was removed, as sentences. @throws EnvironmentError where something does not go */
export async function removeAllLeftovers(docker: Dockerode): Promise<string[]> {
  const { containers, networks, volumes } = await madeWith(docker, LABELS.owner);
  const runs = [...containers, ...networks, ...volumes].flatMap(({ Labels: labels }) => {
    const [run, ownedBy] = [labels?.[LABELS.run], labels?.[LABELS.owner]];
    return run === undefined || ownedBy === undefined || isOwnerAlive(ownedBy) ? [] : [run];
  });
  const removed = await Promise.all([...new Set(runs)].map((run) => removeRun(docker, run)));
  return removed.flat();
}

/** Remove everything that carries the label of a roll. @throws EnvironmentError where something does not go */
export async function removeRun(docker: Dockerode, run: string): Promise<string[]> {
  const label = `${LABELS.run}=${run}`;
  const all = await madeWith(docker, label);
  let left = all;
  for (let tries = 0; tries < TRIES; tries += 1) {
    await remove(docker, left);
    left = await madeWith(docker, label);
    if (namesOf(left).length === 0) return namesOf(all);
    await sleep(AGAIN_MS);
  }
  throw new EnvironmentError(
    `the Docker engine does not remove ${namesOf(left).join(', ')}: the next start tries again`,
  );
}

async function madeWith(docker: Dockerode, label: string): Promise<Made> {
  const filters = { label: [label] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return { containers, networks, volumes: volumes ?? [] };
}

/** Containers first, since they hold the rest. */
async function remove(docker: Dockerode, { containers, networks, volumes }: Made): Promise<void> {
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true }).catch(ignoreBusy)));
  await Promise.all([
    ...networks.map(({ Id }) => docker.getNetwork(Id).remove().catch(ignoreBusy)),
    ...volumes.map(({ Name }) => docker.getVolume(Name).remove().catch(ignoreBusy)),
  ]);
}

function namesOf({ containers, networks, volumes }: Made): string[] {
  return [
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...volumes.map(({ Name }) => `volume ${Name}`),
  ];
}

/** Gone already, or held by one that is going: whether it has gone is looked at again. */
function ignoreBusy(error: { statusCode?: number }): void {
  if (![403, 404, 409].includes(error.statusCode ?? 0)) throw error;
}
