/** TLS on the side of who dials: it shows its own certificate, and says nothing before it has seen the one that it looks for. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Address } from '../address.ts';
import { type KeyPair, shownIn } from './certificate.ts';
import { untimely } from './truststore.ts';

/** Both sides are ours, so that there is nothing older to speak to, no curve to choose, and nobody who signs for anybody. */
export const TLS: SecureContextOptions = { minVersion: 'TLSv1.3', ecdhCurve: 'X25519', ca: [] };

export function contextOf({ certificate, key }: KeyPair): SecureContext {
  return createSecureContext({ ...TLS, cert: certificate, key });
}

/**
 * Dial somebody who has the key of the certificate with this fingerprint, good now.
 * @param context with the own certificate
 * @param givenUp aborts when nobody waits for it any more: how long that is, whoever asks says, and nobody here
 * @throws Error saying what the other side showed, or that nobody is there
 */
export function connectPinned(
  to: Address,
  context: SecureContext,
  fingerprint: string,
  givenUp: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // What is trusted is one certificate, and not whoever signed it: that is looked at here, before anything is sent.
    const socket = connect({ ...to, secureContext: context, rejectUnauthorized: false });
    const giveUp = (): unknown => socket.destroy(new Error('no handshake in time'));
    givenUp.addEventListener('abort', giveUp);
    const gone = (): void => reject(new Error('the connection ended before its handshake'));
    socket.once('error', reject).once('close', gone);
    socket.once('secureConnect', () => {
      const wrong = faultOf(socket.getPeerX509Certificate(), fingerprint, Date.now());
      if (wrong !== null) {
        socket.destroy(new Error(wrong));
        return;
      }
      givenUp.removeEventListener('abort', giveUp);
      socket.off('error', reject).off('close', gone).setNoDelay(true);
      resolve(socket);
    });
    socket.once('close', () => givenUp.removeEventListener('abort', giveUp));
  });
}

function faultOf(certificate: X509Certificate | undefined, fingerprint: string, nowMs: number): string | null {
  const shown = certificate === undefined ? null : shownIn(certificate);
  if (shown?.fingerprint !== fingerprint) return 'it shows another certificate than its cluster’s';
  switch (untimely(shown, nowMs)) {
    case 'expired':
      return 'the certificate of its cluster has expired';
    case 'not-yet-valid':
      return 'the certificate of its cluster is not valid yet';
    default:
      return null;
  }
}
