/** What can be asked of a member at its control socket: by the words of its command line, as requests. */

export interface ControlRequest {
  readonly method: 'POST' | 'DELETE';
  /** Path and query. */
  readonly path: string;
}

interface Command {
  /** What follows the word, and what it does. */
  readonly usage: string;
  readonly says: string;
  readonly least: number;
  readonly most: number;
  readonly request: (...args: string[]) => ControlRequest;
}

export const COMMANDS = {
  lead: {
    ...{ usage: '', says: 'become the leader of the database', least: 0, most: 0 },
    request: () => ({ method: 'POST', path: '/leader' }),
  },
  remove: {
    ...{ usage: 'NAME', says: 'take a member out of the cluster for good', least: 1, most: 1 },
    request: (name) => ({ method: 'DELETE', path: `/members/${encodeURIComponent(name!)}` }),
  },
  release: {
    ...{ usage: 'FAILPOINT [NOTICE]', says: 'let go on who is held at a failpoint', least: 1, most: 2 },
    request: (failpoint, notice) => ({
      method: 'POST',
      path: `/failpoints/${encodeURIComponent(failpoint!)}${notice === undefined ? '' : `?${new URLSearchParams({ notice })}`}`,
    }),
  },
  disarm: {
    ...{ usage: '', says: 'hold the member at no failpoint any more', least: 0, most: 0 },
    request: () => ({ method: 'DELETE', path: '/failpoints' }),
  },
  keep: {
    ...{ usage: 'ID:FATE:PEER:KIND:NTH', says: 'have a notice go wrong by this rule', least: 1, most: 1 },
    request: (rule) => ({ method: 'POST', path: `/rules/${encodeURIComponent(rule!)}` }),
  },
  drop: {
    ...{ usage: 'ID', says: 'drop a rule; what it has held back leaves', least: 1, most: 1 },
    request: (id) => ({ method: 'DELETE', path: `/rules/${encodeURIComponent(id!)}` }),
  },
  jump: {
    ...{ usage: '', says: 'have the timer of its park fire, or else that of the next', least: 0, most: 0 },
    request: () => ({ method: 'POST', path: '/timer' }),
  },
  token: {
    ...{ usage: 'NAME [DURATION]', says: 'issue a token that lets a member of that name in, once', least: 1, most: 2 },
    request: (name, time) => ({
      method: 'POST',
      path: `/tokens/${encodeURIComponent(name!)}${time === undefined ? '' : `?${new URLSearchParams({ for: time })}`}`,
    }),
  },
  rotate: {
    ...{ usage: '', says: 'have another certificate from now on', least: 0, most: 0 },
    request: () => ({ method: 'POST', path: '/certificate/good' }),
  },
  expire: {
    ...{ usage: '', says: 'have a certificate that has just run out', least: 0, most: 0 },
    request: () => ({ method: 'POST', path: '/certificate/expired' }),
  },
  'hold-truststore': {
    ...{ usage: '', says: 'trust nobody anew', least: 0, most: 0 },
    request: () => ({ method: 'POST', path: '/truststore' }),
  },
  'let-truststore': {
    ...{ usage: '', says: 'trust whom the cluster does again', least: 0, most: 0 },
    request: () => ({ method: 'DELETE', path: '/truststore' }),
  },
} as const satisfies Record<string, Command>;
export type ControlWord = keyof typeof COMMANDS;

/** The request of a command; null where there is no such word, or it has too few or too many arguments. */
export function requestOf([word = '', ...args]: readonly string[]): ControlRequest | null {
  const command: Command | undefined = Object.hasOwn(COMMANDS, word) ? COMMANDS[word as ControlWord] : undefined;
  if (command === undefined || args.length < command.least || args.length > command.most) return null;
  return command.request(...args);
}
