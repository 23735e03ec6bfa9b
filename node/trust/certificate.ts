/**
 * Certificates: made (ECDSA on P-256, signed by themselves), and told apart by the SHA-256 of what they are. Nobody signs for
 * anybody: a certificate is trusted because it is on a list. A name of a host says nothing in it, since addresses change.
 */
import { createHash, KeyObject, webcrypto, type X509Certificate } from 'node:crypto';
import type { Shown } from './truststore.ts';

/** What its owner shows, and what proves that it is its owner: both PEM. The key goes nowhere but into a file of its owner's. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** From when to when a certificate is good: milliseconds of the calendar's clock. */
export interface Validity {
  readonly fromMs: number;
  readonly toMs: number;
}

const YEARS = 10;
const DAY_MS = 86_400_000;
/** The clocks of two machines never quite agree. */
const SKEW_MS = 300_000;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Good from now on, for longer than anybody rolls. */
export function usualValidity(nowMs = Date.now()): Validity {
  return { fromMs: nowMs - SKEW_MS, toMs: nowMs + YEARS * 365 * DAY_MS };
}

/** Make a key, and a certificate of it. */
export async function makeCertificate(name: string, { fromMs, toMs }: Validity = usualValidity()): Promise<KeyPair> {
  const { X509CertificateGenerator } = await import('./x509.ts');
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    notBefore: new Date(fromMs),
    notAfter: new Date(toMs),
    signingAlgorithm: SIGNING,
    keys,
  });
  const key = KeyObject.from(keys.privateKey);
  return { certificate: certificate.toString('pem'), key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** What somebody has shown, as far as it is looked at. */
export function shownIn({ raw, validFromDate, validToDate }: X509Certificate): Shown {
  return { fingerprint: fingerprintOf(raw), fromMs: validFromDate.getTime(), toMs: validToDate.getTime() };
}

/** The SHA-256 of a certificate, in hexadecimal. @param certificate PEM, or its bytes */
export function fingerprintOf(certificate: string | Uint8Array): string {
  const bytes =
    typeof certificate === 'string'
      ? Buffer.from(certificate.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
      : certificate;
  return createHash('sha256').update(bytes).digest('hex');
}
