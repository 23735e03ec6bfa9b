/** What a description can have otherwise than that of the test double. */
import type { z } from 'zod';
import type { Description } from '../../harness/input/description.ts';

/** A description as a person writes it, with what the double's own has in any case. */
type Input = z.input<typeof Description>;
type Parts = 'start' | 'form' | 'stop' | 'patterns' | 'probes' | 'records';
export type Written = Omit<Input, Parts> & { [Part in Parts]: NonNullable<Input[Part]> };

export type Change = (description: Written) => void;

const ASK = ['{version.program}', 'ask', '--state', '{member.state}'];
const LOG = '{member.state}/double.log';

/** Defects of the newer version, so that the cluster is formed of members that have none. */
export function planted(...defects: readonly string[]): Change {
  return ({ versions }) => Object.assign(versions['2.0']!.env!, { DOUBLE_DEFECT: defects.join(',') });
}

/** A timer that no roll sits out: whoever opens all the same was woken by a notice. */
export const patient: Change = (description) => {
  Object.assign(description.versions['2.0']!.env!, { DOUBLE_TIMER: '600000' });
  description.timer = { every: '10m' };
};

/** A member that does nothing is given up soon. */
export const impatient: Change = ({ start }) => {
  start.within = '4s';
};

/** And one that does not come to be there at all. */
export const impatientToForm: Change = ({ form }) => {
  form.within = '4s';
};

export const unsupervised: Change = (description) => {
  delete description.supervisor;
};

export const ungated: Change = (description) => {
  description.waits = 'no';
};

/** The first pattern of an event matches nothing that the double prints. */
export function blindTo(event: Written['patterns'][number]['event']): Change {
  return ({ patterns }) => {
    patterns.find((pattern) => pattern.event === event)!.match = `nobody says this of ${event}`;
  };
}

export const patching: Change = ({ patterns }) => {
  patterns.push(
    { event: 'patching', match: 'msg="Applying patch" name=(?P<patch>\\S+)' },
    { event: 'patched', match: 'msg="Applied patch" name=(?P<patch>\\S+)' },
  );
};

export const withoutPatterns: Change = (description) => {
  description.patterns = [];
};

export const withoutProbes: Change = (description) => {
  description.probes = [];
};

export const withoutRows: Change = (description) => {
  description.probes = description.probes.filter(({ rows }) => rows === undefined);
};

/** What its members have recorded is looked for where it is not, and nobody is asked anything else. */
export const unreadable: Change = (description) => {
  description.probes = description.probes
    .filter(({ rows }) => rows !== undefined)
    .map((probe) => ({ ...probe, http: { ...probe.http!, path: '/nowhere' } }));
};

/** Nobody is asked anything but what members have recorded. */
export const onlyRows: Change = (description) => {
  description.probes = description.probes.filter(({ rows }) => rows !== undefined);
};

/** It tells its turns itself, and logs nothing. */
export const pushing: Change = (description) => {
  description.events = 'ndjson';
  description.patterns = [];
  Object.assign(description.start.env!, { DOUBLE_EVENTS: 'ndjson' });
};

export const together: Change = (description) => {
  description.form = { how: 'together' };
  Object.assign(description.start.env!, { DOUBLE_FORMATION: 'together', DOUBLE_MEMBERS: '{members.named}' });
  description.probes.push({
    name: 'formed',
    http: { socket: '{member.state}/unix.socket', path: '/internal/cluster' },
    formed: { status: 200, match: '"formed":true,"voters":2' },
  });
};

/** It logs to a file in place of stderr. */
export const intoFile: Change = (description) => {
  description.log = LOG;
  Object.assign(description.start.env!, { DOUBLE_LOG: LOG });
  for (const pattern of description.patterns) pattern.on = 'file';
};

export const overTcp: Change = ({ probes }) => {
  for (const { http } of probes) delete http?.socket;
};

export const byCommand: Change = (description) => {
  description.probes[0] = {
    name: 'ready',
    run: [...ASK, 'GET', '/internal/ready'],
    every: '200ms',
    open: { exit: 0 },
    waiting: { exit: 1 },
  };
  description.records.write = { run: [...ASK, 'PUT', '/1.0/records/{key}', '{value}'] };
  description.records.read = { run: [...ASK, 'GET', '/1.0/records'] };
  description.stop = { run: ['{version.program}', 'shutdown', '--state', '{member.state}'], parked: 'kill' };
};
