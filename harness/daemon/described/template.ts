/** Filling the placeholders of a description with what they stand for. */
import { PLACEHOLDER, type Placeholder } from '../../input/description-values.ts';
import { Finding, type Launch, type Seat } from '../contract.ts';

export type Values = Partial<Record<Placeholder, string>>;

/** Whose view of the folders a text is filled for: what the member is told, or what the rig opens itself. */
export type View = 'member' | 'rig';

/** @throws Finding where a text names what there is not at this place, such as a token where none was asked for */
export function fill(text: string, values: Values, member: string): string {
  return text.replaceAll(PLACEHOLDER, (whole, name: Placeholder) => {
    const value = values[name];
    if (value !== undefined) return value;
    throw new Finding(member, `the description of its daemon names ${whole} where there is none: "${text}"`);
  });
}

/** A command: `{version.program}` as an element by itself stands for the program with its first arguments. */
export function fillAll(
  texts: readonly string[],
  values: Values,
  program: readonly string[],
  member: string,
): string[] {
  return texts.flatMap((text) => (text === '{version.program}' ? program : [fill(text, values, member)]));
}

/** Every text of a JSON document. */
export function fillJson(document: unknown, values: Values, member: string): unknown {
  if (typeof document === 'string') return fill(document, values, member);
  if (Array.isArray(document)) return document.map((item) => fillJson(item, values, member));
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, fillJson(value, values, member)]));
}

export function valuesOf({ seat, seats, through, version }: Launch, folder: string, view: View): Values {
  const { host, port } = partsOf(seat.address);
  return {
    'member.name': seat.member,
    'member.number': String(seats.findIndex(({ member }) => member === seat.member) + 1),
    'member.address': seat.address,
    'member.host': host,
    'member.port': port,
    ...folderOf('member.state', seat, view, 'stateFolder'),
    ...folderOf('cluster.shared', seat, view, 'sharedFolder'),
    'members.addresses': seats.map(({ address }) => address).join(','),
    'members.named': seats.map(({ member, address }) => `${member}=${address}`).join(','),
    'members.count': String(seats.length),
    'version.name': version,
    'description.folder': folder,
    ...(through === null
      ? {}
      : {
          'through.name': through.seat.member,
          'through.address': through.seat.address,
          ...folderOf('through.state', through.seat, view, 'stateFolder'),
        }),
  };
}

function folderOf(name: Placeholder, seat: Seat, view: View, which: 'stateFolder' | 'sharedFolder'): Values {
  const folder = view === 'member' ? seat[which] : seat.ours?.[which];
  return folder === undefined ? {} : { [name]: folder };
}

function partsOf(address: string): { host: string; port: string } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: address.slice(at + 1) };
}
