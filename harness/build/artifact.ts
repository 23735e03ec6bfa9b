/** What building leads to: a build of one version, and the layers of which an image of it is made. */

import type { Debian } from '../input/description.ts';

/** A build of one version, ready to run where a runtime lives. */
export interface Artifact {
  readonly version: string;
  /** Files on this host that a container needs too, oldest layer first; versions share all but the last. */
  readonly layers: readonly Layer[];
  /** The program and its first arguments, as a process of this host, and inside a container made of the layers. */
  readonly program: { readonly process: readonly string[] | null; readonly container: readonly string[] };
  readonly image: ImageSource;
  /**
   * What of root's rights its members have, where they have a root file system of their own: none that is not here. As Linux
   * names its capabilities: CHOWN.
   */
  readonly rights: readonly string[];
  /** Environment of either. */
  readonly env: {
    readonly process: Readonly<Record<string, string>>;
    readonly container: Readonly<Record<string, string>>;
  };
}

/** What the image is made of that a container is started from; nothing: it can be a process only. */
export type ImageSource =
  | { readonly of: 'layers' }
  | { readonly of: 'engine'; readonly name: string; readonly file: string | null }
  /** `file`: that of the description. */
  | { readonly of: 'debian'; readonly debian: Debian; readonly file: string | null }
  | { readonly of: 'nothing' };

/** Some files, and where they lie in an image. `digest` names their content. */
export interface Layer {
  readonly digest: string;
  readonly files: ReadonlyArray<{ readonly source: string; readonly target: string }>;
}
