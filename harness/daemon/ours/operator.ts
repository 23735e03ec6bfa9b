/**
 * The rig as an operator of our own daemon: a certificate of its own, by which members know who may read and write their data. One
 * for all rolls, kept with what is built; its key is for the user of the rig only.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { fingerprintOf, type KeyPair, makeCertificate } from '../../../node/trust/certificate.ts';
import { TLS } from '../../../node/trust/connect.ts';
import { makeWhole } from '../../build/making.ts';
import { paths } from '../../host/paths.ts';
import type { Seat } from '../contract.ts';

const FOLDER = join(paths.build, 'operator');
const [CERTIFICATE, KEY] = ['operator.crt', 'operator.key'];

let known: Promise<KeyPair> | null = null;

/** @throws EnvironmentError where nothing can be kept */
export function operator(): Promise<KeyPair> {
  known ??= find().catch((error: unknown) => {
    known = null;
    throw error;
  });
  return known;
}

export async function operatorFingerprint(): Promise<string> {
  return fingerprintOf((await operator()).certificate);
}

async function find(): Promise<KeyPair> {
  if (!existsSync(FOLDER))
    await makeWhole(FOLDER, async (making) => {
      const { certificate, key } = await makeCertificate('operator');
      writeFileSync(join(making, KEY), key, { mode: 0o600 });
      writeFileSync(join(making, CERTIFICATE), certificate);
    });
  const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
  return { certificate: read(CERTIFICATE), key: read(KEY) };
}

/** How the rig speaks to a member. Where it sees the member's folder it knows what the member has to show. */
export async function contextFor({ ours }: Pick<Seat, 'ours'>): Promise<{ context: SecureContext; isPinned: boolean }> {
  const shown = ours === null ? null : join(ours.stateFolder, 'trust', 'cluster.crt');
  const cluster = shown !== null && existsSync(shown) ? readFileSync(shown, 'utf8') : null;
  const found = CONTEXTS.get(cluster ?? '');
  if (found !== undefined) return { context: found, isPinned: cluster !== null };
  const { certificate, key } = await operator();
  const context = createSecureContext({ ...TLS, cert: certificate, key, ...(cluster === null ? {} : { ca: cluster }) });
  if (CONTEXTS.size >= MOST_CONTEXTS) CONTEXTS.clear();
  CONTEXTS.set(cluster ?? '', context);
  return { context, isPinned: cluster !== null };
}

/** One for each cluster. */
const CONTEXTS = new Map<string, SecureContext>();
const MOST_CONTEXTS = 100;
