/** A program that may open no more files, and asks somebody who would answer: prints what it makes of that. */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../../harness/host/http.ts';

const files: number[] = [];

function openAllThatAreLeft(): void {
  try {
    for (;;) files.push(openSync('/dev/null', 'r'));
  } catch {
    // As many as it may.
  }
}

openAllThatAreLeft();
// What loaded this program closes some of its own only now.
await sleep(200);
openAllThatAreLeft();
const asked = await ask({ method: 'GET', authority: process.argv[2]!, path: '/', timeoutMs: 5000 }).then(
  () => 'it was answered',
  (error: Error) => `${error.name}: ${error.message}`,
);
for (const file of files) closeSync(file);
console.log(asked);
