/*
 * The same cluster for spin, written from the description of the protocol and from nothing else, so that two searches that
 * share no line can be compared: an upgrade of N members that raises schema and API together or one of them, with the
 * column there or not.
 *
 *   -DN=3            members
 *   -DSPLIT          notices after each gate, by kind; without it one notice after opening, and a return to the first gate
 *   -DLATCHED        an early notice is kept
 *   -DSCHEMA -DAPI   what the release raises
 *   -DCOLUMN         the column for API extensions is there already
 *   -DSEED           the update that introduces the column writes every row
 *   -DPAIR           one gate on schema and extensions together
 *   -DPREEMPTIVE     the schema gate records the extensions, where the column is there
 *   -DAUTO           one member is refreshed; every other once it has seen a newer row
 *   -DLEAVE          one member may be taken out for good, by one that serves, which tells all others
 *   -DJOIN           the last member is none yet, and may be let in by one that serves, of whose release it is then
 *
 * Notices are counted, by receiver and kind, and arrive in any order and as late as they like. There is no timer: an invalid
 * end state of spin is a cluster that would wait for one.
 */
#ifndef N
#define N 3
#endif

#ifdef SCHEMA
#define SCHEMA_RAISED 1
#else
#define SCHEMA_RAISED 0
#endif
#ifdef API
#define API_RAISED 1
#else
#define API_RAISED 0
#endif

#define SCHEMA_GATE 0
#define API_GATE 1
#define BOTH 2          /* of a notice: for either gate */
#define KINDS 3

bit schemaRow[N];       /* recorded the newer schema */
bit apiRow[N];          /* recorded the newer extensions */
bit applied = 1 - SCHEMA_RAISED;
#ifdef COLUMN
bit column = 1;
#else
bit column = 0;
#endif
bit present[N];
bit gone[N];            /* has left, and does nothing more */
bit started[N];
bit parked[N];
bit isOpen[N];
byte gateOf[N];
bit woken[N];
bit latched0[N];        /* a kept notice for the schema gate, or for any where there is one latch */
bit latched1[N];        /* a kept notice for the API gate */

#define SERVES(m) (present[m] && (isOpen[m] || !started[m]))
#define IS_NEWER(m) (present[m] && ((SCHEMA_RAISED && schemaRow[m]) || (API_RAISED && apiRow[m])))
#if N > 3
#define ANY_BESIDE(me, IS) ((me != 0 && IS(0)) || (me != 1 && IS(1)) || (me != 2 && IS(2)) || (me != 3 && IS(3)))
#elif N > 2
#define ANY_BESIDE(me, IS) ((me != 0 && IS(0)) || (me != 1 && IS(1)) || (me != 2 && IS(2)))
#else
#define ANY_BESIDE(me, IS) ((me != 0 && IS(0)) || (me != 1 && IS(1)))
#endif
#define IS_STARTED(m) (present[m] && started[m])
#define IS_OPEN(m) (present[m] && isOpen[m])
#define IS_OLD(m) (present[m] && !started[m])

#ifdef SPLIT
#define FOR_ME(gate, kind) (gate == kind || kind == BOTH)
#else
#define FOR_ME(gate, kind) true
#endif

byte inbox[KINDS * N];      /* how many notices of each kind are on their way to each member */

/* All notices of a kind on their way to a member: any of them may arrive at any time, or not yet. */
proctype Arrivals(byte to; byte kind)
{
end:
  do
  :: atomic {
    inbox[KINDS * to + kind] > 0 -> inbox[KINDS * to + kind]--;
    if
    :: isOpen[to] || !started[to] || !present[to] -> skip
    :: else ->
       if
       :: parked[to] && FOR_ME(gateOf[to], kind) -> parked[to] = 0; woken[to] = 1
       :: else ->
#ifdef LATCHED
#ifdef SPLIT
          if :: kind != API_GATE -> latched0[to] = 1 :: else fi;
          if :: kind != SCHEMA_GATE -> latched1[to] = 1 :: else fi
#else
          latched0[to] = 1
#endif
#else
          skip
#endif
       fi
    fi
  }
  od
}

inline notifyAll(me, kind)
{
  atomic {
    peer = 0;
    do
    :: peer < N ->
       if :: peer != me && present[peer] -> inbox[KINDS * peer + kind]++ :: else fi;
       peer++
    :: else -> break
    od
  }
}

inline allSchema(result) { result = 1; peer = 0; do :: peer < N -> result = result && (schemaRow[peer] || !present[peer]); peer++ :: else -> break od }
inline allApi(result) { result = 1; peer = 0; do :: peer < N -> result = result && (apiRow[peer] || !present[peer]); peer++ :: else -> break od }

/* One member, from the moment the operator refreshes it. */
proctype Member(byte me)
{
  byte peer;
  bit passes;
  byte gate = SCHEMA_GATE;

  {
#ifdef JOIN
  if
  :: me == N - 1 ->
end_join:
     if
     :: atomic { ANY_BESIDE(me, IS_OPEN) ->
          present[me] = 1; started[me] = 1; isOpen[me] = 1; schemaRow[me] = 1; apiRow[me] = 1 }
        goto done
     :: atomic { ANY_BESIDE(me, IS_OLD) -> present[me] = 1 }
     :: goto done           /* nobody may count on that */
     fi
  :: else
  fi;
#endif
#ifdef AUTO
  atomic { !ANY_BESIDE(me, IS_STARTED) || ANY_BESIDE(me, IS_NEWER) -> started[me] = 1; gateOf[me] = SCHEMA_GATE }
#else
  atomic { started[me] = 1; gateOf[me] = SCHEMA_GATE }
#endif

check:
  atomic {
    if
    :: gate == SCHEMA_GATE ->
       schemaRow[me] = 1;
#ifdef PREEMPTIVE
       if :: column -> apiRow[me] = 1 :: else fi;
#endif
#ifdef PAIR
       apiRow[me] = 1;
#endif
       allSchema(passes);
#ifdef PAIR
       if :: passes -> allApi(passes) :: else fi;
#endif
       if
       :: passes && !applied ->
          applied = 1;
#ifdef SEED
          if :: !column -> peer = 0; do :: peer < N -> apiRow[peer] = 1; peer++ :: else -> break od :: else fi;
#endif
          column = 1
       :: else
       fi
    :: else ->
       apiRow[me] = 1;
       allApi(passes)
    fi
  }
  if
  :: !passes -> goto park
#ifdef PAIR
  :: passes -> goto open
#else
  :: passes && gate == SCHEMA_GATE ->
#ifdef SPLIT
     notifyAll(me, SCHEMA_GATE);
#endif
     atomic { gate = API_GATE; gateOf[me] = API_GATE }
     goto check
  :: else -> goto open
#endif
  fi;

park:
  atomic {
    if
#ifdef SPLIT
    :: gate == SCHEMA_GATE && latched0[me] -> latched0[me] = 0; woken[me] = 1
    :: gate == API_GATE && latched1[me] -> latched1[me] = 0; woken[me] = 1
    :: else -> parked[me] = 1
#else
    :: latched0[me] -> latched0[me] = 0; woken[me] = 1
    :: else -> parked[me] = 1
#endif
    fi
  }
  atomic {
    woken[me] -> woken[me] = 0;
#ifndef SPLIT
    latched0[me] = 0;
    gate = SCHEMA_GATE; gateOf[me] = SCHEMA_GATE
#endif
  }
  goto check;

open:
  isOpen[me] = 1;
  notifyAll(me, API_GATE);
done:
  skip
  } unless { gone[me] }
}

#ifdef LEAVE
#define CAN_LEAVE(m) (present[m] && ANY_BESIDE(m, SERVES))
proctype Leaver()
{
  byte peer;
  byte leaving;
end_leave:
  if
  :: true -> goto stay      /* nobody may count on it to get on */
  :: true -> skip
  fi;
end_may:
  atomic {
    if
    :: CAN_LEAVE(0) -> leaving = 0
    :: CAN_LEAVE(1) -> leaving = 1
#if N > 2
    :: CAN_LEAVE(2) -> leaving = 2
#endif
    fi;
    present[leaving] = 0; gone[leaving] = 1;
    inbox[KINDS * leaving] = 0; inbox[KINDS * leaving + 1] = 0; inbox[KINDS * leaving + 2] = 0;
    notifyAll(leaving, BOTH)
  }
stay:
  skip
}
#endif

init {
  byte member = 0;
  atomic {
    do
    :: member < N ->
       schemaRow[member] = 1 - SCHEMA_RAISED;
       apiRow[member] = 1 - API_RAISED;
#ifdef JOIN
       present[member] = member < N - 1;
#else
       present[member] = 1;
#endif
       run Member(member);
       run Arrivals(member, SCHEMA_GATE);
       run Arrivals(member, API_GATE);
#ifdef LEAVE
       run Arrivals(member, BOTH);
#endif
       member++
    :: else -> break
    od;
#ifdef LEAVE
    run Leaver()
#endif
  }
}
