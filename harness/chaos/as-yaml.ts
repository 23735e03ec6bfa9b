/** A drawn scenario as the YAML that a person would have written. */
import { stringify } from 'yaml';
import type { FaultPlace } from '../input/fault-list.ts';
import { pauseText, type Scenario } from '../input/scenario.ts';

export function yamlOf({ faults, wait, pace, network_latency: latency, ...rest }: Scenario): string {
  const written = faults?.map(({ begins, ends, by, ...fault }) => ({
    ...fault,
    ...(begins === undefined ? {} : { begins: placeText(begins) }),
    ...(ends === undefined ? {} : { ends: placeText(ends) }),
    ...(by === undefined ? {} : { by: `${by}ms` }),
  }));
  return stringify({
    ...rest,
    ...(pace === undefined ? {} : { pace: typeof pace === 'object' ? pauseText(pace, `${pace.pauseMs}ms`) : pace }),
    ...(wait === undefined ? {} : { wait: `${wait}ms` }),
    ...(latency === undefined ? {} : { network_latency: `${latency}ms` }),
    ...(written === undefined ? {} : { faults: written }),
  });
}

function placeText(place: FaultPlace): string {
  return 'member' in place ? `${place.at} ${place.member}` : place.at;
}
