/**
 * Who may ask what of a member: peers everything, the operator and peers for the data, anybody how the member and its cluster
 * fare. Whoever is refused is told so (403) before its body is read; it costs an event, as long as there are not many.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Tell } from '../events.ts';
import { DOOR } from '../peers/join.ts';
import { shownIn } from '../trust/certificate.ts';
import type { RefusalReason, Shown, Standing, Truststore } from '../trust/truststore.ts';
import { Budget } from './budget.ts';
import { Refusal } from './refusal.ts';

const FORBIDDEN = 403;
/** What a notice can be that a member sends: it passes a few gates in its life. More than that in a burst tells nothing new. */
const NOTICES = { most: 64, everyMs: 1000 };
/** Refusals that are told of, at once and from then on. */
const REFUSALS = { most: 32, everyMs: 10_000 };
const LONGEST_PATH = 100;

const SAYS: Readonly<Record<RefusalReason, string>> = {
  'no-certificate': 'you have shown no certificate',
  unknown: 'the certificate that you have shown is not that of a member',
  removed: 'you are no longer a member of this cluster',
  expired: 'your certificate has expired',
  'not-yet-valid': 'your certificate is not valid yet',
  'another-name': 'you say that you are somebody else than your certificate does',
  unreadable: 'a name can have letters, digits, dots and hyphens, and not many',
  'too-many': 'you have sent too many notices: this one was not taken in, and is to be sent again later',
  'certificate-taken': 'the certificate that you have shown is, or was, somebody’s: a newcomer brings one of its own',
  'token-unknown': 'this token was not issued for you',
  'token-expired': 'this token has expired',
  'token-used': 'this token has let somebody in already',
};

export class Guard {
  readonly #store: Truststore | null;
  readonly #operator: string | null;
  readonly #tell: Tell;
  readonly #onUnknown: () => void;
  readonly #shown = new WeakMap<Socket, Shown>();
  readonly #refusals = new Budget(REFUSALS.most, REFUSALS.everyMs);
  readonly #notices = new Map<string, Budget>();
  #untold = 0;

  /**
   * @param store null where nobody is asked who they are
   * @param operator the fingerprint of the certificate by which an operator is known; null where there is none
   * @param onUnknown told whenever somebody is refused whose certificate is nobody's
   */
  constructor(store: Truststore | null, operator: string | null, tell: Tell, onUnknown: () => void = () => undefined) {
    this.#store = store;
    this.#operator = operator;
    this.#tell = tell;
    this.#onUnknown = onUnknown;
  }

  /** Who is at the other end; null where nobody is asked. */
  standingOf(socket: Socket): Standing | null {
    return this.#store?.standingOf(this.shownBy(socket), Date.now()) ?? null;
  }

  isOperator(socket: Socket): boolean {
    return this.#operator !== null && this.shownBy(socket)?.fingerprint === this.#operator;
  }

  /** The certificate that the other end has shown; null where it has none. */
  shownBy(socket: Socket): Shown | null {
    const known = this.#shown.get(socket);
    if (known !== undefined) return known;
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (certificate === undefined) return null;
    const shown = shownIn(certificate);
    this.#shown.set(socket, shown);
    return shown;
  }

  /** @param path of the route that answers, or as it was asked where none does. @throws Refusal of who may not ask this */
  readonly require = ({ method, socket }: IncomingMessage, path: string): void => {
    const isData = path.startsWith('/1.0/records');
    if (!path.startsWith('/internal/') && !isData) return;
    // Whoever asks to be let in is no member yet: its token speaks for it.
    if (path === DOOR && method === 'POST') return;
    const standing = this.standingOf(socket);
    if (standing === null || standing.is === 'member' || (isData && this.isOperator(socket))) return;
    throw this.refuse(standing.by, standing.why, path);
  };

  /**
   * Whose notice it is.
   * @param said by the notice itself; undefined where it says nothing
   * @throws Refusal of one that is not from whom it says, or who sends too many
   */
  senderOf({ socket }: IncomingMessage, said: string | undefined, path: string): string | undefined {
    const standing = this.standingOf(socket);
    const name = standing?.is === 'member' ? standing.name : said;
    if (said !== undefined && said !== name) throw this.refuse(this.#ownerOf(socket), 'another-name', path);
    // Where nobody is asked, names are free: whoever makes up many shares with all others who do.
    const known = this.#notices.size < MOST_SENDERS || this.#notices.has(name ?? '') ? (name ?? '') : '';
    const budget = this.#notices.get(known) ?? new Budget(NOTICES.most, NOTICES.everyMs);
    this.#notices.set(known, budget);
    if (!budget.take()) throw this.refuse(this.#ownerOf(socket), 'too-many', path);
    return name;
  }

  /** Cut somebody off of whom there is too much. @param what there is too much of, in place of a path */
  letGo(socket: Socket, what: string): void {
    this.refuse(this.#ownerOf(socket), 'too-many', what);
    socket.destroy();
  }

  /** Tell of a refusal, as long as there are not many. */
  refuse(by: string | null, why: RefusalReason, path: string): Refusal {
    if (this.#refusals.take()) {
      this.#tell('refused', { by, why, path: printable(path), untold: this.#untold });
      this.#untold = 0;
    } else {
      this.#untold += 1;
    }
    if (why === 'unknown') this.#onUnknown();
    const status = why === 'too-many' ? 429 : why === 'unreadable' ? 400 : FORBIDDEN;
    return new Refusal(status, SAYS[why], why);
  }

  /** Whom a refusal names: nobody at their word. */
  #ownerOf(socket: Socket): string | null {
    return this.#store?.ownerOf(this.shownBy(socket)) ?? null;
  }
}

/** No cluster has more members. */
const MOST_SENDERS = 100;

/** What a line of a trace can hold. */
function printable(path: string): string {
  return path.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, LONGEST_PATH);
}
