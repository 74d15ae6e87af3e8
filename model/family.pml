/* One refresh token family: secrets that are used at once, answers that are lost, reuse, and revocations of its access token meanwhile.
 * All that decides here are columns of one row, which an UPDATE looks at again after a wait: one step on both databases.
 * docs/model.md names the properties and where each step lies in src.
 *
 * A secret is a number. Rotation k of secret s, with salt k, leads to FIRST + 1 + k; derived again from another secret or another salt, it is
 * something that nobody knows.
 */
#ifndef REQUESTS
#define REQUESTS 3
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 3
#endif
#ifndef REVOCATIONS     /* of the access token, each takes the index */
#define REVOCATIONS 0
#endif
#define ROTATIONS (REQUESTS * ATTEMPTS)
#define FIRST     1
#define UNKNOWN   99
#define successor(salt_) (FIRST + 1 + (salt_))

/* Answers. */
#define GRANTED 1
#define REFUSED 2       /* invalid_grant */
#define LATER   3       /* 503 with Retry-After */

/* The row. */
bit isOpen = 1; byte current = FIRST, previous, salt, revision; bit graceIsOver;
#ifdef WITHOUT_INDEX
byte index, left;
#else
byte index = 1, left;
#endif

bit isSuccessor[FIRST + 1 + ROTATIONS], wasRotated[FIRST + 1 + ROTATIONS]; byte saltedFrom[ROTATIONS];
bit revoked[2 + ROTATIONS];
byte asked[REQUESTS], answer[REQUESTS], given[REQUESTS], indexGiven[REQUESTS]; bit isRead[REQUESTS], isOver;

hidden byte LINEAGE, LOGOUT, HELD, NOTICED;

#ifdef NO_ROW_REVISION
#define ROW_AS_READ isOpen
#else
#define ROW_AS_READ (isOpen && revision == readRevision)
#endif
#ifdef NO_CURRENT_HASH
#define STILL_CURRENT 1
#else
#define STILL_CURRENT (current == secret)
#endif
#ifdef NO_PREVIOUS_HASH
#define STILL_PREVIOUS 1
#else
#define STILL_PREVIOUS (previous == secret)
#endif
#ifdef NO_REVISION_OF_FIRST_INDEX
#define RAISE skip
#else
#define RAISE revision++
#endif

inline grant(next) {
  LINEAGE = (next != UNKNOWN && isSuccessor[next]); assert(LINEAGE);
  given[slot] = next; indexGiven[slot] = tokenIndex; answer[slot] = GRANTED
}
inline end() {
  if :: isOpen -> isOpen = 0; revoked[index] = 1; revoked[left] = 1 :: else fi
}

proctype Request(byte slot) {
  byte secret, attempt, readPrevious, readSalt, readRevision, tokenIndex, next; bit isCurrent, inGrace, ended, isFresh, wasGood, wasJudged;
  asked[slot] != 0 || isOver;
  secret = asked[slot];
  if :: secret == 0 -> goto over :: else fi;
again:
  if :: attempt == ATTEMPTS -> answer[slot] = LATER; goto over :: else fi;
  d_step {
    ended = !isOpen; isCurrent = (secret == current); readPrevious = previous; inGrace = !graceIsOver;
    readSalt = salt; readRevision = revision; tokenIndex = index; isRead[slot] = 1;
#ifdef NO_GRACE
    inGrace = 0;
#endif
    /* How the request judged first is kept for its next attempts. */
    if :: !wasJudged -> wasGood = !ended && (isCurrent || (secret == previous && inGrace)); wasJudged = 1 :: else fi
#ifdef FORGETS_THAT_IT_WAS_GOOD
    ; wasGood = 0
#endif
  }
  if
  :: ended -> answer[slot] = REFUSED; goto over
  :: !ended && !isCurrent && !(secret == readPrevious && (inGrace || wasGood)) ->
     if
#ifdef REFUSED_WHEN_BEHIND
     :: wasGood -> answer[slot] = REFUSED
#else
     :: wasGood -> answer[slot] = LATER
#endif
     :: !wasGood -> d_step { end(); answer[slot] = REFUSED }
     fi;
     goto over
  :: else
  fi;
  d_step {
    isFresh = (tokenIndex == 0); next = slot * ATTEMPTS + attempt;
    if :: isFresh -> tokenIndex = 2 + next :: else fi;
    attempt++
  }
  if
  :: isCurrent ->
     saltedFrom[next] = secret;
     d_step {
       if
       :: ROW_AS_READ && STILL_CURRENT ->
          LINEAGE = !wasRotated[secret]; assert(LINEAGE);
          wasRotated[secret] = 1; isSuccessor[successor(next)] = 1;
          previous = current; current = successor(next); salt = next; graceIsOver = 0;
          if :: isFresh -> left = index; index = tokenIndex; RAISE :: else fi;
          grant(successor(next))
       :: else
       fi
     }
  :: else ->            /* a repeat: `extend`, or `none` where the row's index goes on */
     d_step {
       if
       :: ROW_AS_READ && STILL_PREVIOUS ->
          if :: isFresh -> left = index; index = tokenIndex; RAISE :: else fi;
#ifdef SALT_OF_THE_WRITE
          readSalt = salt;
#endif
          next = (saltedFrom[readSalt] == secret -> successor(readSalt) : UNKNOWN);
          grant(next)
       :: else
       fi
     }
  fi;
  if :: answer[slot] != GRANTED -> goto again :: else fi;
over: skip
}

proctype Revoke() {
  d_step { if :: isOpen -> revoked[index] = 1; revoked[left] = 1; index = 0; left = 0; revision++ :: else fi }
}

#ifdef OWNER
/* Sends, waits or gives up once the service has begun with it, and sends again; all within the grace. */
proctype Owner() {
  byte n, mine = FIRST;
  do
  :: n < REQUESTS ->
     asked[n] = mine;
     if
     :: answer[n] == GRANTED -> mine = given[n]
     :: answer[n] == LATER -> skip
     :: answer[n] == REFUSED -> LOGOUT = 0; assert(LOGOUT)
     :: isRead[n] -> skip
     fi;
     n++
  :: else -> break
  od;
  isOver = 1
}
#endif

#ifdef THIEF
byte ofOwner = FIRST, ofThief = FIRST; bit thiefIsDone;
inline use(n, mine) {
  if :: mine != 0 -> asked[n] = mine; answer[n] != 0; if :: answer[n] == GRANTED -> mine = given[n] :: answer[n] == REFUSED -> mine = 0 :: else fi :: else fi
}
/* Both use the secret at once, a fast thief what it gets, too. */
proctype Thief() {
  use(1, ofThief);
  if :: use(2, ofThief) :: skip fi;
  thiefIsDone = 1
}
/* Then in turn, each time later than the grace. */
proctype Owner() {
  use(0, ofOwner);
  thiefIsDone;
  graceIsOver = 1; use(3, ofOwner);
  graceIsOver = 1; use(4, ofThief);
  graceIsOver = 1; use(5, ofOwner);
  NOTICED = !isOpen || ofThief == 0; assert(NOTICED);
  isOver = 1
}
#endif

init {
  byte i;
  atomic {
    do :: i < REQUESTS -> run Request(i); i++ :: else -> break od;
    i = 0;
    do :: i < REVOCATIONS -> run Revoke(); i++ :: else -> break od;
    run Owner();
#ifdef THIEF
    run Thief();
#endif
    i = 0
  }
  _nr_pr == 1;
#ifndef THIEF
  LOGOUT = isOpen; assert(LOGOUT);
#endif
  d_step {
    do
    :: i < REQUESTS ->
       HELD = (indexGiven[i] == 0 || revoked[indexGiven[i]] || (isOpen && (index == indexGiven[i] || left == indexGiven[i]))); assert(HELD);
       i++
    :: else -> break
    od
  }
}
