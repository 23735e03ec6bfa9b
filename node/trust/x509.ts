/**
 * The library that makes certificates. It is three times the daemon's own code, and nobody needs it but who makes one: a bundle has
 * it in a file of its own (harness/build/bundle.ts).
 */
import 'reflect-metadata/lite';

export { X509CertificateGenerator } from '@peculiar/x509';
