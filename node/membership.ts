/** Who belongs to the cluster: letting a newcomer in, taking a member out, and whose certificates count. */
import { type Address, formatAddress } from './address.ts';
import { Budget } from './api/budget.ts';
import type { Guard } from './api/guard.ts';
import { Refusal } from './api/refusal.ts';
import type { Build } from './build.ts';
import { nowNs } from './clock.ts';
import { Coalesced } from './coalesced.ts';
import type { Database, Role, Transaction } from './database/database.ts';
import { deleteMember, insertMember, type MemberRecord, readApplied, readMembers } from './database/members.ts';
import { recordPatches, withPatches } from './database/patches.ts';
import {
  addToken,
  createTrust,
  distrustMember,
  faultOfToken,
  readTrusted,
  trustMember,
  trustOnly,
  useToken,
} from './database/trust.ts';
import type { Tell } from './events.ts';
import type { PeerClient } from './peers/client.ts';
import { type Admission, DOOR, type JoinRequest } from './peers/join.ts';
import type { Notices } from './peers/notices.ts';
import { haveThemLook } from './peers/truststores.ts';
import { fingerprintOf, makeCertificate, usualValidity } from './trust/certificate.ts';
import { hashOf, newSecret, tokenText } from './trust/token.ts';
import type { Trust } from './trust/trust.ts';
import { type Shown, type Trusted, untimely } from './trust/truststore.ts';
import { count, type Row, samePatches, sameVersion } from './upgrade/version.ts';

/** What it needs of the member around it. */
export interface Around {
  readonly name: string;
  readonly listen: Address;
  readonly build: Build;
  readonly database: Database;
  readonly notices: Notices;
  readonly peers: PeerClient;
  readonly guard: Guard;
  /** Null where nobody is asked who they are. */
  readonly trust: Trust | null;
  readonly tell: Tell;
  readonly log: (line: string) => void;
  /** Whether members say how many patches they have. */
  readonly saysPatches: boolean;
  /** @throws Refusal, unless the member is open */
  readonly requireOpen: () => void;
}

/** Enough to survive the loss of one; each further voter makes every commit dearer. */
const MOST_VOTERS = 3;

/** Whoever looks whom to trust does not wait for a database that is not to be had: it looks again. */
const LOOK_PATIENCE_MS = 1000;

/** Whoever is not known has a member look so often at the most. */
const LOOK_AT_STRANGERS_MS = 1000;

export class Membership {
  readonly #around: Around;
  readonly #converging = new Coalesced(async () => void (await this.look(LOOK_PATIENCE_MS)));
  readonly #spreading = new Coalesced(() => this.#haveOthersLook());
  readonly #looksAtStrangers = new Budget(1, LOOK_AT_STRANGERS_MS);
  #isOut = false;

  constructor(around: Around) {
    this.#around = around;
  }

  /** Whether the member has learnt that it has been taken out. Nobody tells it: it finds out when it looks, or is refused. */
  get isOut(): boolean {
    return this.#isOut;
  }

  /** What a peer says that does not answer this member. */
  heardRefusal(body: string): void {
    if (body.includes('"why":"removed"')) this.#isOut = true;
  }

  /** Whoever is not known may be a member by now, of which nobody could tell this one. */
  meetStranger(): void {
    const { name, log } = this.#around;
    if (!this.#looksAtStrangers.take()) return;
    this.converge().catch((error: Error) => log(`${name} could not look whom to trust: ${error.message}`));
  }

  /** The role of a newcomer beside the members that there are. */
  roleBeside(members: readonly MemberRecord[]): Role {
    if (this.#around.database.replication === null) return 'member';
    return members.filter((member) => member.role === 'voter').length < MOST_VOTERS ? 'voter' : 'stand-by';
  }

  rowOf(member: string): Row {
    const { version } = this.#around.build;
    const { internal, external, extensions } = version;
    const patchCount = count(version, 'patch');
    return {
      ...{ member, internal, external, extensions },
      ...(this.#around.saysPatches && patchCount > 0 ? { patchCount } : {}),
    };
  }

  /** Where patches wait for all, a newcomer is one of those that have them. */
  async recordPatches(transaction: Transaction, row: Row): Promise<void> {
    if (row.patchCount === undefined) return;
    await withPatches(transaction, []);
    await recordPatches(transaction, row);
  }

  /** The first member trusts itself. */
  async found(transaction: Transaction): Promise<void> {
    const { trust, name } = this.#around;
    if (trust === null) return;
    await createTrust(transaction);
    await trustMember(transaction, name, trust.fingerprint);
  }

  /** Look who the members are, and whom to trust. @throws UnavailableError when the patience, in milliseconds, is at an end */
  async look(patienceMs: number): Promise<readonly MemberRecord[]> {
    const { database, trust, name } = this.#around;
    const asOfNs = nowNs();
    const { members, trusted } = await database.read(
      async (transaction) => ({
        members: await readMembers(transaction),
        trusted: trust === null ? [] : await readTrusted(transaction),
      }),
      patienceMs,
    );
    this.#isOut = members.every(({ member }) => member !== name);
    trust?.converge(trusted, asOfNs);
    return members;
  }

  /** Look again, for whoever asks for it meanwhile too. @throws UnavailableError */
  converge(): Promise<void> {
    return this.#converging.run();
  }

  /**
   * Let a new member in. Only an open member does, only a newcomer of its own version, and only with a token.
   * @param shown the certificate that it is to be known by
   * @throws Refusal
   */
  async admit(request: JoinRequest, shown: Shown | null): Promise<Admission> {
    const { build, database, trust } = this.#around;
    const token = trust === null ? null : await this.#requireToken(request, shown);
    this.#around.requireOpen();
    const mine = build.version;
    if (!sameVersion(mine, request.version) || !samePatches(mine, request.version)) {
      const theirs = `${request.name} brings ${request.version.name}`;
      throw new Refusal(409, `${this.#around.name} runs ${mine.name}, ${theirs}: use the same version`);
    }
    const row = this.rowOf(request.name);
    const { trusted, ...admission } = await database.write(async (transaction) => {
      const members = await readMembers(transaction);
      const taken = members.find((member) => member.member === request.name || member.address === request.address);
      if (taken !== undefined) throw new Refusal(409, `there is a member ${taken.member} at ${taken.address} already`);
      const role = this.roleBeside(members);
      const id = await insertMember(transaction, row, request.address, role, await readApplied(transaction));
      await this.recordPatches(transaction, row);
      if (token !== null) await this.#letIn(transaction, request.name, token);
      const trusted = token === null ? null : await readTrusted(transaction);
      return { row, id, role, decidedNs: nowNs(), trusted };
    });
    if (trusted === null) return admission;
    await this.#changed(trusted);
    return { ...admission, welcome: { cluster: trust!.cluster!, trusted } };
  }

  /**
   * Take a member out of the cluster, whatever became of it, and tell all others, this one too, to look again: they may have
   * waited for it.
   * @throws Refusal
   */
  async remove(name: string): Promise<void> {
    const { database, trust, notices, tell } = this.#around;
    const { decidedNs, id, others, trusted } = await database.write(async (transaction) => {
      const members = await readMembers(transaction);
      const leaving = members.find(({ member }) => member === name);
      if (leaving === undefined) throw new Refusal(404, `there is no member ${name}`);
      if (members.length === 1) throw new Refusal(409, `${name} is the last member: stop it instead`);
      await deleteMember(transaction, name);
      if (trust !== null) await distrustMember(transaction, name);
      const trusted = trust === null ? null : await readTrusted(transaction);
      return { decidedNs: nowNs(), id: leaving.id, others: members.filter((member) => member !== leaving), trusted };
    });
    tell('removed', { peer: name, decidedNs });
    const spreading = trusted === null ? null : this.#changed(trusted);
    await database.replication?.remove(id);
    await notices.send(
      'both',
      others.map(({ member, address }) => ({ name: member, address })),
    );
    await spreading;
  }

  /**
   * Issue a token for a newcomer. It is an operator's to hand it over; the cluster remembers nothing by which it could be made.
   * @throws Refusal where there is nothing to be trusted with, or such a member already
   */
  async issueToken(name: string, forMs: number): Promise<string> {
    const { trust, database, listen } = this.#around;
    if (trust?.cluster == null) throw new Refusal(409, `${this.#around.name} asks nobody for a token`);
    const expires = new Date(Date.now() + forMs).toISOString();
    const secret = newSecret();
    await database.write(async (transaction) => {
      const taken = (await readMembers(transaction)).find(({ member }) => member === name);
      if (taken !== undefined)
        throw new Refusal(409, `there is a member ${name} at ${taken.address} already: a token is for a newcomer`);
      await addToken(transaction, hashOf(secret), name, expires);
    });
    const fingerprint = fingerprintOf(trust.cluster.certificate);
    return tokenText({ name, secret, fingerprint, addresses: [formatAddress(listen)], expires });
  }

  /**
   * Have another certificate from now on: a good one, or one that has just run out. All others trust both for as long as it takes to
   * show the new one, so that nothing that is under way is refused.
   * @throws Refusal
   */
  async renew(is: 'good' | 'expired'): Promise<void> {
    const { trust, name } = this.#around;
    if (trust === null) throw new Refusal(409, `${name} shows no certificate to anybody`);
    const { fromMs, toMs } = usualValidity();
    const own = await makeCertificate(name, { fromMs, toMs: is === 'good' ? toMs : Date.now() - 1000 });
    const fingerprint = fingerprintOf(own.certificate);
    await this.#changeTrust((transaction) => trustMember(transaction, name, fingerprint));
    trust.renew(own);
    // With one that has run out nothing can be changed any more.
    if (is === 'good') await this.#changeTrust((transaction) => trustOnly(transaction, name, fingerprint));
  }

  async #changeTrust(change: (transaction: Transaction) => Promise<void>): Promise<void> {
    const trusted = await this.#around.database.write(async (transaction) => {
      await change(transaction);
      return readTrusted(transaction);
    });
    await this.#changed(trusted);
  }

  /** @throws Refusal of who lets itself in with what is, or was, somebody else's */
  async #requireOwn(transaction: Transaction, fingerprint: string): Promise<void> {
    const { trust, guard } = this.#around;
    const isOfAll = fingerprint === fingerprintOf(trust!.cluster!.certificate);
    const owner = (await readTrusted(transaction)).find((known) => known.fingerprint === fingerprint);
    if (isOfAll || owner !== undefined) throw guard.refuse(owner?.member ?? null, 'certificate-taken', DOOR);
  }

  async #requireToken({ name, secret }: JoinRequest, shown: Shown | null): Promise<Token> {
    const { guard, database, trust } = this.#around;
    const now = Date.now();
    if (shown === null) throw guard.refuse(null, 'no-certificate', DOOR);
    const by = trust!.store.ownerOf(shown);
    const untimeliness = untimely(shown, now);
    if (untimeliness !== null) throw guard.refuse(by, untimeliness, DOOR);
    if (typeof secret !== 'string') throw guard.refuse(by, 'token-unknown', DOOR);
    const hash = hashOf(secret);
    const fault = await database.read((transaction) => faultOfToken(transaction, hash, name, isoOf(now)));
    if (fault !== null) throw guard.refuse(by, fault, DOOR);
    return { hash, fingerprint: shown.fingerprint };
  }

  /** @throws Refusal where the token has let somebody in meanwhile */
  async #letIn(transaction: Transaction, name: string, { hash, fingerprint }: Token): Promise<void> {
    const { guard, trust } = this.#around;
    const fault = await faultOfToken(transaction, hash, name, isoOf(Date.now()));
    if (fault !== null) throw guard.refuse(trust!.store.ownerOf({ fingerprint }), fault, DOOR);
    await this.#requireOwn(transaction, fingerprint);
    await useToken(transaction, hash);
    await trustMember(transaction, name, fingerprint);
  }

  /** Whom to trust has just been changed: here at once, and with the others as soon as they have looked. */
  async #changed(trusted: readonly Trusted[]): Promise<void> {
    this.#around.trust?.converge(trusted, nowNs());
    await this.#spreading.run();
  }

  async #haveOthersLook(): Promise<void> {
    const { database, name, peers } = this.#around;
    const members = await database.read(readMembers);
    await haveThemLook(
      peers,
      members.filter(({ member }) => member !== name).map(({ address }) => address),
    );
  }
}

interface Token {
  readonly hash: string;
  readonly fingerprint: string;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
