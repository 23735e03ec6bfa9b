/**
 * The requests of a connection that have not been answered yet, bounded: Node takes in all that is written at once, and past
 * some hundreds it loses answers.
 */
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { Guard } from './guard.ts';

/** Peers send one after the other. */
const MOST_UNANSWERED = 128;
/** What a refusal names in place of a path. */
const REQUESTS = '(requests)';

/** Have a listener answer no more than that on one connection: whoever writes more is cut off. */
export function boundUnanswered(answer: RequestListener, guard: Guard): RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (message, response) => {
    const { socket } = message;
    // What had come in with the one that was too many.
    if (socket.destroyed) return;
    const before = unanswered.get(socket) ?? 0;
    if (before >= MOST_UNANSWERED) {
      guard.letGo(socket, REQUESTS);
      return;
    }
    unanswered.set(socket, before + 1);
    response.once('close', () => unanswered.set(socket, unanswered.get(socket)! - 1));
    answer(message, response);
  };
}
