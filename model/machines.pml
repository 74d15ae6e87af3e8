/* Machines: requests with one API key through one client, beside every act that takes something from the key, its owner or the client.
 * The owner is a client; with -DUSER a user with a role. docs/model.md names the properties and where each step lies in src.
 */
#include "db.pml"

#ifndef ROWS_BEFORE     /* that there are at the start: none or one */
#define ROWS_BEFORE 1
#endif
#ifndef GRANTS
#define GRANTS 2
#endif
#ifndef ATTEMPTS        /* of one request: more in src */
#define ATTEMPTS 2
#endif
#ifndef WORKERS
#define WORKERS 1
#endif
#define ROWS (ROWS_BEFORE + GRANTS)
#define NONE ROWS
/* Never given twice; 0 is none, 1 is that of the start. */
#define FRESH_INDEX (2 + slot * ATTEMPTS + attempts - 1)
#define INDICES (2 + GRANTS * ATTEMPTS)

/* What is taken, and by what. */
#define OWNER   0       /* users or clients disable, of the owner */
#define CLIENT  1       /* clients disable, of the client that exchanges */
#define KEY     2       /* api-keys revoke */
#define NARROW  3       /* clients update, of the client that exchanges */
#define LESS    4       /* of the owner: clients update, or roles revoke */
#define TOKEN   5       /* an access token is revoked */
#define KINDS   6
#define ENDS(kind) ((kind) <= KEY)
#ifdef USER
#define BY_CASCADE(kind) 0
#else
/* Rows through other clients: the act records them, and changes them in writes of their own, so that all are locked in one order. */
#define BY_CASCADE(kind) ((kind) == OWNER || (kind) == LESS)
#endif

typedef Row { bit open; byte revision; byte index; byte left; byte since[3] }
typedef Token { byte row; byte index; bit wide; byte basis[KINDS] }

Row row[ROWS + 1];                          /* the last one is NONE's */
Token token[GRANTS];
bit revoked[INDICES];
bit isGoodStill[3] = 1;                     /* the owner, the client, the key: active, or not revoked */
byte clientRevision, ownerRevision; bit clientIsWide = 1, ownerIsWide = 1;
bit recorded[KINDS];
Lock ownerLock, clientLock, keyLock, uniqueLock, rowLock[ROWS], cascadeLock[KINDS];
byte taken[KINDS];
byte acting;

hidden byte GATE, RIGHTS, SHOWN, HELD, OPEN, OVER, ONE;

inline remember(kind) { basis[kind] = taken[kind] }

/* --- A request ------------------------------------------------------------------------------------------------------------------------ */

#ifdef NO_CLIENT_REVISION
#define CLIENT_AS_READ 1
#else
#define CLIENT_AS_READ (clientRevision == readClient)
#endif
#ifdef USER
#define OWNER_AS_READ isGoodStill[OWNER]
#else
#define OWNER_AS_READ (ownerRevision == readOwner)
#endif
#ifdef NO_SUBJECT
#define SUBJECT_STANDS 1
#else
#define SUBJECT_STANDS OWNER_AS_READ
#endif
#ifdef NO_ROW_REVISION
#define ROW_AS_READ (row[r].open)
#else
#define ROW_AS_READ (row[r].open && row[r].revision == revision)
#endif

/* As a deciding statement begins. What a role no longer gives may go out until the write of the act, or its cascade, reaches the row. */
#ifdef USER
#define TOO_WIDE (isWide && !clientIsWide)
#else
#define TOO_WIDE (isWide && (!clientIsWide || !ownerIsWide))
#endif
inline judge() {
  tooLate = !isGoodStill[OWNER] || !isGoodStill[CLIENT] || !isGoodStill[KEY]; tooWide = TOO_WIDE
}

inline release(to) {
  d_step {
    GATE = !tooLate; assert(GATE);
    RIGHTS = !tooWide; assert(RIGHTS);
    token[slot].row = to; token[slot].index = index; token[slot].wide = isWide;
    i = 0; do :: i < KINDS -> token[slot].basis[i] = basis[i]; i++ :: else -> break od; i = 0
  }
}

inline readOwnerNow() {
  d_step { isGood = isGoodStill[OWNER]; readOwner = ownerRevision; remember(OWNER)
#ifndef USER
    ; isOwnerWide = ownerIsWide; remember(LESS)
#endif
  }
#ifdef USER             /* the roles are a statement of their own */
  d_step { isOwnerWide = ownerIsWide; remember(LESS) }
#endif
}

inline findOpen() {
  d_step {
    r = 0; do :: r < NONE && !row[r].open -> r++ :: else -> break od;
    revision = row[r].revision; index = row[r].index; left = row[r].left; remember(TOKEN)
  }
}

/* The row of the key through this client: under the locks of both parties, and then that of the key. */
inline start() {
  BEGIN;
#ifndef NO_OWNER_LOCK
#ifdef USER
  LOCK(ownerLock);
#else
  SHARE(ownerLock); sharesOwner = 1;
#endif
#endif
#ifndef NO_CLIENT_LOCK
  SHARE(clientLock); sharesClient = 1;
#endif
  d_step {
    isGood = isGoodStill[OWNER] && isGoodStill[CLIENT] && CLIENT_AS_READ;
#ifndef NO_SUBJECT_AT_START
    isGood = isGood && OWNER_AS_READ;
#endif
    remember(OWNER); remember(CLIENT); remember(NARROW)
#ifndef USER
    ; remember(LESS)
#endif
  }
#ifndef NO_CREDENTIAL_LOCK
  if :: isGood -> LOCK(keyLock) :: else fi;
#endif
#ifndef NO_CREDENTIAL
  d_step { isGood = isGood && isGoodStill[KEY]; remember(KEY) }
#endif
#ifdef USER
#ifndef NO_ROLES_AGAIN
  d_step { isGood = isGood && isOwnerWide == ownerIsWide; remember(LESS) }
#endif
#endif
#ifndef NO_UNIQUE
  if :: isGood -> LOCK(uniqueLock) :: else fi;              /* waits for whoever inserts the same */
#endif
  d_step {
    judge();
#ifndef NO_UNIQUE
    i = 0; do :: i < ROWS -> isGood = isGood && !row[i].open; i++ :: else -> break od; i = 0
#endif
  }
  d_step {
    if
    :: isGood -> r = ROWS_BEFORE + slot; row[r].open = 1; row[r].index = index; row[r].since[OWNER] = basis[OWNER]; row[r].since[CLIENT] = basis[CLIENT]; row[r].since[KEY] = basis[KEY]
    :: else
    fi;
    FREE(uniqueLock); FREE(keyLock); FREE(ownerLock);
    if :: sharesOwner -> UNSHARE(ownerLock); sharesOwner = 0 :: else fi;
    if :: sharesClient -> UNSHARE(clientLock); sharesClient = 0 :: else fi;
    COMMIT
  }
}

/* One statement; a look when the row covers the token already, which is a free choice: the model has no clock. */
inline goOn() {
  if :: !isFresh -> isCovered = 1 :: isCovered = 0 fi;
  BEGIN;
  if
  :: isCovered ->
     d_step {
       judge();
#ifdef NO_READ_AFTER_SIGNING
       isGood = 1;
#else
       isGood = ROW_AS_READ && CLIENT_AS_READ && SUBJECT_STANDS;
#endif
       COMMIT
     }
  :: else ->
     d_step { judge(); stands = CLIENT_AS_READ && SUBJECT_STANDS };
     atomic {
       IS_FREE(rowLock[r]) ->
       isGood = stands && ROW_AS_READ;
       if :: isGood && isFresh -> row[r].left = row[r].index; row[r].index = index; row[r].revision++ :: else fi;
       COMMIT
     }
  fi
}

proctype Grant(byte slot) {
  byte attempts, readClient, readOwner, r, revision, index, left, i, basis[KINDS];
  bit isGood, stands, isWide, isOwnerWide, isFresh, isCovered, sharesOwner, sharesClient, tooLate, tooWide;
again:
  if :: attempts == ATTEMPTS -> goto over :: else -> attempts++ fi;
  d_step { isGood = isGoodStill[CLIENT]; readClient = clientRevision; isWide = clientIsWide; remember(CLIENT); remember(NARROW) }
  if :: !isGood -> goto over :: else fi;
  d_step { isGood = isGoodStill[KEY]; remember(KEY) }
  if :: !isGood -> goto over :: else fi;
#ifdef OWNER_BEFORE_ROW
  readOwnerNow(); findOpen();
#else
  findOpen(); readOwnerNow();
#endif
  if :: !isGood -> goto over :: else fi;
  isWide = isWide && isOwnerWide;
  isFresh = (index == 0);
#ifdef MOVES            /* the list is old: the row leaves it, unless the index that it left before is still alive */
  if :: index != 0 && left == 0 -> isFresh = 1 :: skip fi;
#endif
  if :: isFresh || r == NONE -> index = FRESH_INDEX :: else fi;
  if :: r == NONE -> start() :: else -> goOn() fi;
  if :: !isGood -> isFresh = 0; goto again :: else fi;
  release(r);
over: skip
}

#include "machine-acts.pml"
