/* One status list, published by two instances; verifiers ask through a balancer, any of the two. The second instance may lose its database.
 * A look and a snapshot are each one read of one moment, on both databases.
 * docs/model.md names the properties and where each step lies in src.
 */
#ifndef REVOCATIONS
#define REVOCATIONS 2
#endif
#ifndef POLLS
#define POLLS 3
#endif
#ifndef VERIFIERS
#define VERIFIERS 1
#endif
#define INSTANCES 2
#define SECONDS 2       /* that pass while it runs */
#define A_MINUTE(s) ((s) / 2 * 2)       /* its start: of two seconds here */

#ifdef IAT_OF_THE_INSTANCE
#define ISSUED_AT clock
#else
#define ISSUED_AT (writtenAt[revision] > A_MINUTE(clock) -> writtenAt[revision] : A_MINUTE(clock))
#endif

/* The database: the list's revision, its entries as bits, and when the revision was written; its clock, in seconds. */
byte revision, entries, clock, writtenAt[REVOCATIONS + 1];
bit isAway;             /* from the second instance */

/* What an instance holds; asOf: when the look began that found it true. */
typedef Document { bit isMade; byte revision; byte entries; byte iat; byte asOf; bit hasAge }
Document held[INSTANCES];
#define NOBODY  0
#define ASKS    1
#define LOOKED  2       /* a look has begun after the question */
#define ANSWERED 3
byte question[VERIFIERS * INSTANCES];
#define Q(v, i) question[(v) * INSTANCES + (i)]
byte polling = VERIFIERS;

hidden byte FRESH, BACK, EQUAL;

proctype Revoker() {
  do
  :: revision < REVOCATIONS -> d_step { entries = entries | (1 << revision); revision++; writtenAt[revision] = clock }
  :: clock < SECONDS -> clock++
  :: revision == REVOCATIONS && clock == SECONDS -> break
  od
}

inline answer() {
  d_step {
    v = 0;
    do
    :: v < VERIFIERS ->
#ifdef JOINS_A_LOOK
       if :: Q(v, i) == LOOKED || Q(v, i) == ASKS -> Q(v, i) = ANSWERED :: else fi;
#else
       if :: Q(v, i) == LOOKED -> Q(v, i) = ANSWERED :: else fi;
#endif
       v++
    :: else -> break
    od;
    v = 0; readRevision = 0; readEntries = 0; asOf = 0; iat = 0
  }
}

proctype Instance(byte i) {
  byte v, readRevision, readEntries, asOf, iat;
  do
  :: polling == 0 -> break
  :: d_step {
       Q(0, i) == ASKS || Q(VERIFIERS - 1, i) == ASKS;
       v = 0; do :: v < VERIFIERS -> if :: Q(v, i) == ASKS -> Q(v, i) = LOOKED :: else fi; v++ :: else -> break od;
       v = 0
     }
     if
     :: i == 1 && isAway -> held[i].hasAge = 1
     :: else ->
        d_step { readRevision = revision; iat = ISSUED_AT; asOf = clock };
        if
        :: held[i].isMade && held[i].revision == readRevision && held[i].iat == iat -> skip
        :: else ->
           d_step { readRevision = revision; readEntries = entries; iat = ISSUED_AT; asOf = clock };
#ifdef NO_SNAPSHOT
           readEntries = entries;
#endif
           d_step { held[i].isMade = 1; held[i].revision = readRevision; held[i].entries = readEntries; held[i].iat = iat }
        fi;
        d_step {
          held[i].asOf = asOf; held[i].hasAge = 0;
          EQUAL = !held[0].isMade || !held[1].isMade || held[0].revision != held[1].revision || A_MINUTE(held[0].iat) != A_MINUTE(held[1].iat) ||
            (held[0].entries == held[1].entries && held[0].iat == held[1].iat);
#ifndef ONLY_WHAT_VERIFIERS_SEE
          assert(EQUAL)
#endif
        }
     fi;
     answer()
  od
}

#ifdef TAKES_ANY                        /* as a library that knows nothing of Age does */
#define TAKES(d) 1
#else
#ifdef TAKES_LATER_IAT
#define TAKES(d) (!hasOne || d.iat >= iat)
#else
#ifdef TAKES_THE_SAME_SECOND
#define TAKES(d) (!d.hasAge || !hasOne || d.asOf >= asOf)
#else
#define TAKES(d) (!d.hasAge || !hasOne || d.asOf > asOf)
#endif
#endif
#endif

proctype Verifier(byte v) {
  byte n, i, needed, known, iat, asOf; bit hasOne;
  do
  :: n < POLLS ->
     if :: i = 0 :: i = 1 fi;
     d_step { needed = entries; Q(v, i) = ASKS };
     d_step {
       Q(v, i) == ANSWERED; Q(v, i) = NOBODY;
       FRESH = held[i].hasAge || (held[i].entries & needed) == needed; assert(FRESH);
       if
       :: held[i].isMade && TAKES(held[i]) ->
          BACK = (held[i].entries & known) == known; assert(BACK);
          /* Without Age, it was true when it came. */
          known = held[i].entries; iat = held[i].iat; asOf = (held[i].hasAge -> held[i].asOf : clock); hasOne = 1
       :: else
       fi;
       needed = 0; n++
     }
  :: else -> break
  od;
  polling--
}

init {
  byte v;
  atomic {
    do :: v < VERIFIERS -> run Verifier(v); v++ :: else -> break od;
    run Instance(0); run Instance(1); run Revoker();
    v = 0
  }
#ifdef AWAY
  isAway = 1
#endif
}
