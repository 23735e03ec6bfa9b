/** The labels by which the rig finds again what it has made in a Docker engine. */

export const LABELS = {
  /** On containers, networks and volumes: the roll that they belong to. */
  run: 'refresh-rig.run',
  /** On the same: the process that made them (owner.ts). */
  owner: 'refresh-rig.owner',
  /** On containers: which member it is. */
  member: 'refresh-rig.member',
  /** On images: what they are. */
  image: 'refresh-rig.image',
} as const;
