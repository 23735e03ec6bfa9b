/** TLS on the side of who dials: it shows its own certificate, and says nothing before it has seen the one that it looks for. */
import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Address } from '../address.ts';
import { fingerprintOf, type KeyPair } from './certificate.ts';

/** Both sides are ours, so that there is nothing older to speak to, and no curve to choose. */
export const TLS: SecureContextOptions = { minVersion: 'TLSv1.3', ecdhCurve: 'X25519' };

/** A peer that is there is through with this in a few milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 2000;

export function contextOf({ certificate, key }: KeyPair): SecureContext {
  return createSecureContext({ ...TLS, cert: certificate, key });
}

/**
 * Dial somebody who has the key of the certificate with this fingerprint, good now.
 * @param context with the own certificate
 * @throws Error saying what the other side showed, or that nobody is there
 */
export function connectPinned(to: Address, context: SecureContext, fingerprint: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // What is trusted is one certificate, and not whoever signed it: that is looked at here, before anything is sent.
    const socket = connect({ ...to, secureContext: context, rejectUnauthorized: false });
    const limit = setTimeout(
      () => socket.destroy(new Error(`no handshake in ${HANDSHAKE_TIMEOUT_MS} ms`)),
      HANDSHAKE_TIMEOUT_MS,
    );
    const gone = (): void => reject(new Error('the connection ended before its handshake'));
    socket.once('error', reject).once('close', gone);
    socket.once('secureConnect', () => {
      const wrong = faultOf(socket.getPeerX509Certificate() ?? null, fingerprint, Date.now());
      if (wrong !== null) {
        socket.destroy(new Error(wrong));
        return;
      }
      clearTimeout(limit);
      socket.off('error', reject).off('close', gone).setNoDelay(true);
      resolve(socket);
    });
    socket.once('close', () => clearTimeout(limit));
  });
}

interface Certificate {
  readonly raw: Uint8Array;
  readonly validFromDate: Date;
  readonly validToDate: Date;
}

function faultOf(shown: Certificate | null, fingerprint: string, nowMs: number): string | null {
  if (shown === null || fingerprintOf(shown.raw) !== fingerprint)
    return 'it shows another certificate than its cluster’s';
  if (nowMs >= shown.validToDate.getTime()) return 'the certificate of its cluster has expired';
  return nowMs < shown.validFromDate.getTime() ? 'the certificate of its cluster is not valid yet' : null;
}
