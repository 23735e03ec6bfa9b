/** The values of a description that are more than texts: templates, commands, patterns, queries. */
import { compile } from '@jmespath-community/jmespath';
import { RE2JS } from 're2js';
import { z } from 'zod';

/**
 * What a template can name. `member`: the one that it is about. `through`: the live member that lets it in. `members`: all
 * of the cluster. `cluster.shared`: a folder that all members share. `version.program`: the program with its first
 * arguments, as an element of its own. `key`, `value`: of a record.
 */
export const PLACEHOLDERS = [
  'member.name',
  'member.number',
  'member.address',
  'member.host',
  'member.port',
  'member.state',
  'members.addresses',
  'members.named',
  'members.count',
  'through.name',
  'through.address',
  'through.state',
  'cluster.shared',
  'version.name',
  'version.program',
  'description.folder',
  'token',
  'key',
  'value',
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** Any other brace stands for itself, as in JSON. */
export const PLACEHOLDER = /\{([a-z]+(?:\.[a-z]+)?)\}/g;

export const Template = z.string('must be a text').superRefine((text, context) => isTemplate(text, [], context));

function isTemplate(text: string, path: ReadonlyArray<string | number>, context: z.RefinementCtx): void {
  for (const [whole, name] of text.matchAll(PLACEHOLDER)) {
    if (PLACEHOLDERS.some((known) => known === name)) continue;
    context.addIssue({
      code: 'custom',
      path: [...path],
      message: `there is no ${whole}; there are ${PLACEHOLDERS.map((known) => `{${known}}`).join(', ')}`,
    });
  }
}

/** Every text of a JSON document is a template. */
export function isJsonTemplate(
  document: unknown,
  context: z.RefinementCtx,
  path: ReadonlyArray<string | number> = [],
): void {
  if (typeof document === 'string') isTemplate(document, path, context);
  else if (Array.isArray(document))
    for (const [index, item] of document.entries()) isJsonTemplate(item, context, [...path, index]);
  else if (typeof document === 'object' && document !== null)
    for (const [key, item] of Object.entries(document)) isJsonTemplate(item, context, [...path, key]);
}

export const Arguments = z.array(Template, 'must be a list: each argument by itself, no shell line');

/** What of root's rights a Docker engine leaves to a container that nobody asks more for; without MKNOD, which reaches every device. */
export const ENGINE_RIGHTS = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
] as const;

/** All that a member can be given: those, and such as reach no further than its own namespaces. */
export const RIGHTS = [
  ...ENGINE_RIGHTS,
  'DAC_READ_SEARCH',
  'IPC_LOCK',
  'NET_ADMIN',
  'SYS_ADMIN',
  'SYS_NICE',
  'SYS_PTRACE',
] as const;

/** A program and its arguments; never a line for a shell. */
export const Command = z
  .array(Template, 'must be a list: the program and each argument by itself, no shell line')
  .min(1, 'must name a program');

export const Environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'),
  Template,
  'must be variables with texts',
);

export const Name = z
  .string('must be a name')
  .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'must be lower-case letters, digits and hyphens, at most 41');

/** Patterns come from users and meet what a daemon prints, so they run on an engine that cannot backtrack. */
export function isPattern(text: string, context: z.RefinementCtx): void {
  try {
    RE2JS.compile(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `not a regular expression (RE2): ${(error as Error).message}` });
  }
}

export function isQuery(text: string, context: z.RefinementCtx): void {
  try {
    compile(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `not a JMESPath expression: ${(error as Error).message}` });
  }
}
