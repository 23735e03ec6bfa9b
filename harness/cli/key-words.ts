/** What is told of the files that people write, in their JSON Schemas and in docs/keys.md: a title, and what each key is for. */

export const SCHEMA_NAMES = ['scenario', 'matrix', 'version', 'patch', 'description', 'records'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

export interface Told {
  readonly title: string;
  /** What each key is for, `OUTER.INNER` for one within another; what the schema says of one itself comes first. */
  readonly keys: Readonly<Record<string, string>>;
}

/** The same in a scenario and in a matrix. */
const budgetsIn = (path: string): Readonly<Record<string, string>> => ({
  [`${path}.time_to_open`]: 'from the start of a member’s process until it serves',
  [`${path}.unblock_latency`]: 'from the last thing that it waited for until it serves',
  [`${path}.stall`]: 'the part of its parks that came after the gate could have passed and that a timer ended',
  [`${path}.downtime`]: 'from being told to stop until it serves again',
});

export const TOLD: Readonly<Record<SchemaName, Told>> = {
  scenario: {
    title: 'A scenario of refresh-rig: one roll, or one in every order. Every key may be left out',
    keys: {
      name: 'what the run is called (the name of the file, where it is left out)',
      about: 'what it shows, in a sentence',
      daemon:
        'what is rolled: the name of a description that the rig ships, or its file, found from here; ours without it',
      members: 'how many members (3)',
      from: 'the version that all members start with (v1; of a described daemon, the first)',
      to: 'the version that all are refreshed to, or one for each member that is refreshed (v2; of a described daemon, the last)',
      order: 'forward, reverse, random, all, together, or numbers such as [3, 1, 2] (forward)',
      seed: 'what draws an order that is random',
      refreshes:
        'which member goes to what, in this order, and several times if need be; or joins, leaves or is stopped; in place of to and order',
      versions: 'a chain of releases through which the cluster is taken; in place of from and to',
      between: 'of a chain: the next roll begins when all have settled, or at once (settled)',
      skips: 'of a chain: the releases that a member skips',
      back_after: 'so many members are refreshed, and then back again, in the same order',
      updates: 'of pace auto: how the update program goes about it, which the rig plays',
      patch_when:
        'of our own daemon: when local patches are run: at-start, after-open, or all-open, at a gate of their own (after-open)',
      patch_by: 'of our own daemon: whether each member runs a patch of the database, or one, once, for all (each)',
      strategy: 'of our own daemon: at which gates it waits, and when it tells its peers (split)',
      wakeups:
        'of our own daemon: latched keeps a notice that comes before the member has parked, lossy drops it (latched)',
      ahead: 'of our own daemon: what a member does that finds a peer ahead of it (exit)',
      wait: 'of our own daemon: how long one park lasts before the timer ends it (30s)',
      aim: 'start the last refresh so long before the timer of a member that waits is due, such as 500ms: what it takes to open',
      pace: 'when the next refresh comes: settled, eager, together, auto (when the member asks), after a pause such as 500ms, or both, as settled+500ms (settled; 5s where nothing tells when a member waits)',
      runtime: 'where members live (auto: in containers where a Docker engine answers, else in processes)',
      database: 'of our own daemon: one file that all share, or a replicated database (sqlite)',
      handover: 'of our own daemon on dqlite: a leader hands the leadership over before it stops (true)',
      network_latency: 'of our own daemon: what dqlite times its elections by',
      insecure: 'of our own daemon: members speak plain HTTP, and ask nobody who they are (false)',
      faults: 'what goes wrong on the way: a list; docs/faults.md says what each does, needs, and where it is possible',
      'faults.fault': 'which fault',
      'faults.member': 'the member that it is done to',
      'faults.from': 'of a notice or a link: the member that sends',
      'faults.to': 'of a notice or a link: the member that receives',
      'faults.begins': 'start, or before or after a refresh, such as after node02 (start)',
      'faults.ends': 'the same, or settle: just before the roll waits for everybody (settle)',
      'faults.notice': 'of a notice: its kind (any)',
      'faults.nth': 'of a notice: the how-manieth of these since the fault began (1)',
      'faults.at': 'of kill and hold: at which point of its upgrade, from its next start on (kill without it: at once)',
      'faults.again': 'of kill: whether it is started again at once (true)',
      'faults.leading': 'of kill: whether it is made the leader of the database first (false)',
      'faults.times': 'of fail-refresh: how often (for good, without it)',
      'faults.through': 'of remove: the member that takes it out',
      'faults.dialled_by': 'of a link: only connections that this end has dialled (all)',
      'faults.direction': 'of a link: from one to the other, or both ways (one-way)',
      'faults.by': 'of delay-link: by how much',
      'faults.rate': 'of slow-link: bytes a second',
      records: 'a file of records that are put in before the roll and must be there after it, found from here',
      expect: 'what the roll must lead to: every member open, and none woken by a timer, where it is left out',
      'refreshes.member': 'which member, such as node01',
      'refreshes.to': 'the version that it is refreshed to',
      'refreshes.join': 'or: who joins, such as node04',
      'refreshes.through': 'the member that lets it in (the first)',
      'refreshes.leave': 'or: who is stopped, and taken out of the cluster for good',
      'refreshes.by': 'the member that takes it out (the first)',
      'refreshes.stop': 'or: who is stopped, and away until it is refreshed',
      'refreshes.crash': 'it is killed the first time, and started again',
      'refreshes.crash.at': 'where in its upgrade it is held, and killed',
      'refreshes.crash.leading': 'whether it is made the leader of the database first (false)',
      'expect.open': 'who must be open at the end (all)',
      'expect.woken':
        'notice: no member may be woken by a timer; timer: one has to be, as a known stall makes it; either: whatever (notice)',
      'expect.safe':
        'false: some member has to open while another does not run its version, as a known flaw makes it (true)',
      'expect.broken': 'checks of the judge that must be broken, as a known flaw breaks them',
      'updates.fails': 'how often a member comes back in the build that it had',
      'expect.exits': 'which members must have exited by themselves, and why; no other may',
      ...budgetsIn('expect.budgets'),
      'expect.budgets':
        'durations that no figure of a member may exceed; judged only where the roll has the machine to itself',
    },
  },
  matrix: {
    title: 'A matrix of refresh-rig: many rolls. Every key may be left out',
    keys: {
      daemon:
        'what is rolled: the name of a description that the rig ships, or its file, found from here; ours without it',
      pairs: 'forward, or pairs of versions such as v1-v2 (forward)',
      orders: 'forward, reverse, random, all, together, or numbers such as [3, 1, 2] (all)',
      strategies: 'of our own daemon: at which gates it waits, and when it tells its peers (split)',
      wakeups: 'of our own daemon: whether a notice that comes too early is kept or dropped (latched)',
      databases: 'of our own daemon: one file that all share, or a replicated database (sqlite)',
      paces: 'when the next refresh comes: settled, eager, together, auto (settled)',
      members: 'how many members; several numbers for several sizes (3)',
      runtime: 'where members live (process; of a described daemon, auto)',
      wait: 'of our own daemon: how long one park lasts before the timer ends it (30s)',
      insecure: 'of our own daemon: members speak plain HTTP, and ask nobody who they are (false)',
      aim: 'start the last refresh of each roll so long before the timer of a member that waits is due; once some have opened, the median of what they took is used',
      seed: 'what draws an order that is random (1)',
      repeat: 'how often each cell is rolled; a cell whose rolls differ is flaky (1)',
      budgets: 'durations that no figure of a member may exceed; judged only with --jobs 1',
      ...budgetsIn('budgets'),
      include: 'only cells such as pair=v1-v2,order=123',
      exclude: 'no cells such as these',
    },
  },
  version: {
    title: 'A version of the rig’s own daemon, named by its file',
    keys: {
      about: 'what the version is for, in a sentence',
      internal: 'how many of the internal schema updates it has, from versions/schema/internal',
      external: 'how many of the external schema updates it has, from versions/schema/external',
      extensions: 'the names of its API extensions, in order',
      patches: 'the names of its local patches, in order, from versions/patches',
    },
  },
  patch: {
    title: 'A local patch of a version, named by its file',
    keys: {
      about: 'what the patch does, in a sentence',
      sql: 'what it does to the cluster’s database',
      moves_records: 'whether the values of records lie in the table record_values from then on',
      move: 'or what it does to the member’s own state folder: a file has another place from then on',
      'move.from': 'the file that is moved',
      'move.to': 'where it is from then on',
    },
  },
  description: {
    title: 'The description of a daemon: docs/describe-a-daemon.md explains every key',
    keys: {
      name: 'what the daemon is called',
      about: 'what it is, in a sentence',
      versions: 'what can be rolled, by name, the oldest first',
      port: 'the port at which a member listens where it has a network address of its own (8443)',
      start: 'what follows the program of a version, and its environment',
      form: 'how members become a cluster',
      stop: 'how a member is stopped (SIGTERM, and 5s until it is killed)',
      supervisor: 'what starts a member again that exits by itself; without it an exit is the end of the member',
      patterns: 'which lines that a member prints tell of which event',
      probes: 'what a member is asked again and again, and what its answers tell',
      model: 'which strategy of the rig’s table models it, so that it can be forecast, explored and checked',
      timer: 'how long one park lasts, so that a notice can be told from the timer where the daemon does not tell',
      records: 'how a client writes one record, and reads all of them as a JSON object of texts',
    },
  },
  records: { title: 'A file of records: keys with texts', keys: {} },
};
