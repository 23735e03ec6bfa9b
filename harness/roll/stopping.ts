/** Stopping a member as its daemon is known to want it: by a signal, by a command, or, where it hears neither, by killing it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Launch, Stopping } from '../daemon/contract.ts';
import { type Exit, isKilled, type RunningMember } from '../runtime/runtime.ts';
import type { StopWay } from '../trace/trace.ts';

/**
 * @param isParked whether it is neither open nor on its way out
 * @param isWithAll whether all members are stopped at once
 */
export function stopWay(
  { killsParked, killsTogether, command }: Stopping,
  isParked: boolean,
  isWithAll: boolean,
): StopWay {
  if (isWithAll && killsTogether) return 'kill';
  if (killsParked && isParked) return 'kill';
  return command === null ? 'signal' : 'command';
}

export async function stopBy(
  { signal, command, graceMs }: Stopping,
  by: StopWay,
  { launch, running }: { readonly launch: Launch; readonly running: RunningMember },
): Promise<Exit & { killed: boolean }> {
  if (by === 'kill') return { ...(await running.kill()), killed: false };
  if (by === 'signal' || command === null) return running.stop(signal, graceMs);
  const options = { stdin: '', timeoutMs: graceMs, signal: new AbortController().signal };
  const asking = running.run(command(launch, running), options);
  const inTime = await Promise.race([running.exited, sleep(graceMs, null, { ref: false })]);
  const exit = inTime ?? (await running.kill());
  await asking;
  return { ...exit, killed: inTime === null && isKilled(exit) };
}
