/** Names of members. */

/** What a member can be called. */
export const NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/i;

/** What a text must be that is none. */
export const NAME_WORDS = 'must be letters, digits, dots and hyphens, at most 63, a letter or a digit at either end';
