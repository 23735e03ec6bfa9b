/** Asking a member something, as its description says: over HTTP, or by a command; and what its answer is like. */
import { RE2JS } from 're2js';
import { LateError, ask as send } from '../../host/http.ts';
import type { Answer, Asked } from '../../input/description.ts';
import { EnvironmentError } from '../../input/errors.ts';
import { type Launch, type Reach, RequestError } from '../contract.ts';
import { fill, fillAll, fillJson, type Values, valuesOf } from './template.ts';

/** What came back. Of a command, its exit code and what it printed on stdout. */
export interface Answered {
  readonly status: number | null;
  readonly exit: number | null;
  readonly text: string;
}

/** What is asked, of whom. */
export interface Question {
  readonly asked: Asked;
  readonly launch: Launch;
  readonly reach: Reach;
  /** The folder of the description. */
  readonly folder: string;
  /** What more the texts may name. */
  readonly more?: Values;
  readonly signal: AbortSignal;
}

/** @throws RequestError where there is no answer, Finding where the description names what there is not */
export async function ask(question: Question): Promise<Answered> {
  return question.asked.http === undefined ? askByCommand(question) : askOverHttp(question, question.asked.http);
}

async function askOverHttp(
  { asked, launch, reach, folder, more, signal }: Question,
  { socket, method, path, json, body }: NonNullable<Asked['http']>,
): Promise<Answered> {
  const { member } = launch.seat;
  const values = { ...valuesOf(launch, folder, 'rig'), ...more };
  const authority = socket === undefined ? reach.authority : { socket: fill(socket, values, member) };
  try {
    const answered = await send({
      method,
      authority,
      path: fill(path, values, member),
      json: json === undefined ? undefined : fillJson(json, values, member),
      body: body === undefined ? undefined : fill(body, values, member),
      timeoutMs: asked.timeout,
      signal,
    });
    return { ...answered, exit: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error) || error instanceof EnvironmentError) throw error;
    throw new RequestError(error instanceof LateError ? 'timeout' : 'unreachable', error.message);
  }
}

async function askByCommand({ asked, launch, reach, folder, more, signal }: Question): Promise<Answered> {
  const { member } = launch.seat;
  const values = { ...valuesOf(launch, folder, 'member'), ...more };
  const command = fillAll(asked.run ?? [], values, reach.program, member);
  const stdin = asked.stdin === undefined ? '' : fill(asked.stdin, values, member);
  const ran = await reach.run(command, { stdin, timeoutMs: asked.timeout, signal });
  if (ran.code === null) throw new RequestError('timeout', `${command.join(' ')}: ${ran.because}`);
  return { status: null, exit: ran.code, text: ran.stdout };
}

/** Whether an answer is as it must be. One that says nothing about status or exit code wants a success. */
export function isLike({ status, exit, match }: Answer, answered: Answered): boolean {
  if (status !== undefined && answered.status !== status) return false;
  if (exit !== undefined && answered.exit !== exit) return false;
  if (status === undefined && exit === undefined && !isSuccess(answered)) return false;
  return match === undefined || patternOf(match).matcher(answered.text).find();
}

export function isSuccess({ status, exit }: Answered): boolean {
  return status === null ? exit === 0 : status >= 200 && status < 300;
}

const PATTERNS = new Map<string, RE2JS>();

/** A pattern, compiled once. */
export function patternOf(text: string): RE2JS {
  const known = PATTERNS.get(text) ?? RE2JS.compile(text);
  PATTERNS.set(text, known);
  return known;
}
