/** A program that may open no more files, and asks somebody who would answer: prints what it makes of that. */
import { closeSync, openSync } from 'node:fs';
import { ask } from '../../harness/host/http.ts';

const files: number[] = [];
try {
  for (;;) files.push(openSync('/dev/null', 'r'));
} catch {
  // As many as it may.
}
const asked = await ask({ method: 'GET', authority: process.argv[2]!, path: '/', timeoutMs: 5000 }).then(
  () => 'it was answered',
  (error: Error) => `${error.name}: ${error.message}`,
);
for (const file of files) closeSync(file);
console.log(asked);
