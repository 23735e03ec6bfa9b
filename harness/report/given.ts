/** What an archive gave for the versions of a plan, in words. */
import type { Plan } from '../plan/plan.ts';

/** `7.0: incus-base 7.0.2-3, incus-client 7.0.2-3 (sid); schema 77, 562 API extensions`, a line for each that comes from one. */
export function givenLines({ given = {}, versions }: Plan): string[] {
  return Object.entries(given).map(([name, { suite, packages, isRead }]) => {
    const named = Object.entries(packages).map(([of, version]) => `${of} ${version}`);
    const { internal, extensions } = versions[name]!;
    const counts = `schema ${internal}, ${extensions.length} API extensions`;
    return `${name}: ${named.join(', ')} (${suite}); ${counts}${isRead ? '' : ', as its description says'}`;
  });
}
