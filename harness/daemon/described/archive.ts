/**
 * What an archive gave for the versions of a description. It moves on, so that what a version counts is read off a member of it,
 * once for each root file system and each way of starting it, and kept beside that.
 */
import { countsKept, keepCounts, knownRoot } from '../../build/root-filesystem.ts';
import { pinnedBy } from '../../input/described-versions.ts';
import type { Archive } from '../contract.ts';
import { formationOf } from './formation.ts';
import type { DescribedSettings } from './settings.ts';

/** Null where no version comes from an archive. */
export function archiveOf(settings: DescribedSettings): Archive | null {
  const { versions } = settings.description;
  if (Object.values(versions).every(({ debian }) => debian === undefined)) return null;
  const rootOf = (version: string) => {
    const debian = versions[version]?.debian;
    return debian === undefined ? null : knownRoot(debian);
  };
  return {
    of: (name) => {
      const [described, root] = [versions[name], rootOf(name)];
      if (described?.debian === undefined || root === null) return null;
      const counts = countsKept(root, formationOf(settings, name));
      const { suite } = described.debian;
      const given = { suite, packages: root.packages, isRead: counts !== null };
      return { given, version: pinnedBy(name, counts ?? described) };
    },
    keep: (name, { internal, extensions }) => {
      const root = rootOf(name);
      if (root !== null) keepCounts(root, formationOf(settings, name), { schema: internal, api: extensions.length });
    },
  };
}
