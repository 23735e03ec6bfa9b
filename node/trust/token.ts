/** Join tokens: what an operator has a live member issue for one newcomer, by name, and hands to it. Each lets in once. */
import { createHash, randomBytes } from 'node:crypto';

export interface Token {
  /** Of whom it lets in. */
  readonly name: string;
  readonly secret: string;
  /** SHA-256 of the cluster's certificate, in hexadecimal: by that the newcomer knows to whom it shows the secret. */
  readonly fingerprint: string;
  /** HOST:PORT of members that let it in. */
  readonly addresses: readonly string[];
  /** ISO 8601, UTC. */
  readonly expires: string;
}

/** How long a token is good where nobody says otherwise. */
export const USUAL_TOKEN_MS = 3_600_000;

const SECRET_BYTES = 32;

export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}

/** What the cluster remembers of a secret. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function tokenText(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** Null where the text is no token. */
export function tokenOf(text: string): Token | null {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Partial<Token>;
    const { name, secret, fingerprint, addresses, expires } = token;
    const texts = [name, secret, fingerprint, expires];
    const isToken = texts.every((part) => typeof part === 'string') && Array.isArray(addresses);
    return isToken && addresses.every((address) => typeof address === 'string') ? (token as Token) : null;
  } catch {
    return null;
  }
}
