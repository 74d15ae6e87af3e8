/* Releasing a token: a refresh, a repeat, a sign-in. Part of rows.pml. */

#ifdef NO_CLIENT_REVISION
#define CLIENT_AS_READ 1
#else
#define CLIENT_AS_READ (clientRevision == readClient)
#endif
#ifdef NO_SUBJECT_STATUS
#define SUBJECT_STANDS 1
#else
#define SUBJECT_STANDS (isActive[USER])
#endif
#ifdef NO_ROW_REVISION
#define ROW_AS_READ (row[r].open)
#else
#define ROW_AS_READ (row[r].open && row[r].revision == revision)
#endif

/* As a deciding statement begins: who is disabled gets nothing, and nothing that the client may no longer have. What a role no longer gives
 * may go out until the cascade comes by. */
#ifdef RIGHTS_OF_ROLES
#define TOO_WIDE ((isWide && !clientIsWide) || (WIDE(roles) && !(hasRole && role == 2)) || (BASE(roles) && !(hasRole && role >= 1)))
#else
#define TOO_WIDE (isWide && !clientIsWide)
#endif
inline judge() {
  tooLate = !isActive[USER] || !isActive[CLIENT]; tooWide = TOO_WIDE
}

inline release(to) {
  d_step {
    GATE = !tooLate; assert(GATE);
    RIGHTS = !tooWide; assert(RIGHTS);
    token[slot].row = to; token[slot].index = index; token[slot].base = BASE(roles); token[slot].wide = isWide;
    i = 0; do :: i < KINDS -> token[slot].basis[i] = basis[i]; i++ :: else -> break od; i = 0
  }
}

#ifdef NO_REVISION_OF_FIRST_INDEX
#define RAISES isMove
#else
#ifdef NO_REVISION_OF_MOVE
#define RAISES (!isMove)
#else
#define RAISES 1
#endif
#endif
/* What the row held, if it did, is the index that it left. */
inline freshIndex() { row[r].left = row[r].index; row[r].index = index; row[r].revision = row[r].revision + RAISES }

/* A refresh, or the repeat of one whose answer was lost (secrets: family.pml). */
proctype Refresh(byte slot; byte r; bit isRepeat) {
  byte attempts, readClient, revision, index, left, roles, i, basis[KINDS]; bit isGood, stands, isWide, isFresh, isMove, isCovered, tooLate, tooWide;
again:
  if :: attempts == ATTEMPTS -> goto over :: else -> attempts++ fi;
  d_step { isGood = isActive[CLIENT]; readClient = clientRevision; isWide = clientIsWide; remember(CLIENT); remember(NARROW) }
  if :: !isGood -> goto over :: else fi;
#ifdef ROLES_BEFORE_ROW
  d_step { roles = ROLES; remember(LOST); remember(UPDATED); remember(GONE) }
#endif
  d_step {
    isGood = row[r].open && isActive[USER]; revision = row[r].revision; index = row[r].index; left = row[r].left; remember(USER); remember(TOKEN)
#ifndef ROLES_BEFORE_ROW
    ; roles = ROLES; remember(LOST); remember(UPDATED); remember(GONE)
#endif
  }
  if :: !isGood -> goto over :: else fi;
  isWide = isWide && WIDE(roles);
  if
  :: index == 0 -> isFresh = 1
#ifdef MOVES            /* the list is old: the row leaves it, unless the index that it left before is still alive */
#ifdef NO_STAYS_PUT
  :: index != 0 -> isFresh = 1
#else
  :: index != 0 && left == 0 -> isFresh = 1
#endif
#endif
  :: index != 0 -> isFresh = 0
  fi;
  left = 0;
  if :: isFresh -> isMove = (index != 0); index = FRESH_INDEX :: else fi;
  /* Whether the row's last expiry covers the token is a free choice: the model has no clock. */
  if :: isRepeat && !isFresh -> isCovered = 1 :: isCovered = 0 fi;
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
       if :: isGood && isFresh -> freshIndex() :: else fi;
       COMMIT
     }
  fi;
  if :: !isGood -> isFresh = 0; goto again :: else fi;
  release(r);
over: skip
}

proctype SignIn(byte slot; byte r) {
  byte attempts, readClient, index, roles, i, basis[KINDS]; byte seen, mine, count; bit isGood, isWide, wideClient, sharesClient, tooLate, tooWide;
again:
  if :: attempts == ATTEMPTS -> goto over :: else -> attempts++ fi;
  d_step { isGood = isActive[CLIENT]; readClient = clientRevision; wideClient = clientIsWide }
  if :: !isGood -> goto over :: else fi;
  isGood = isActive[USER];                                  /* the password is right, and still the one that was checked */
  if :: !isGood -> goto over :: else fi;
  d_step { roles = ROLES; isWide = wideClient && WIDE(roles); index = FRESH_INDEX; remember(LOST); remember(UPDATED); remember(GONE) }
  BEGIN;
#ifndef NO_USER_LOCK
#ifdef USER_SHARED
  SHARE(userLock);
#else
  LOCK(userLock);
#endif
#endif
  isGood = isActive[USER];
#ifndef NO_CLIENT_LOCK
  SHARE(clientLock); sharesClient = 1;
#endif
  d_step { isGood = isGood && isActive[CLIENT] && CLIENT_AS_READ; remember(USER); remember(CLIENT); remember(NARROW) }
#ifndef NO_ROLES_AGAIN
  if :: isGood -> d_step { isGood = (roles == ROLES); remember(LOST); remember(UPDATED); remember(GONE) } :: else fi;
#endif
#ifdef LIMIT            /* the idlest beyond it end, in the order of their ids */
  if :: isGood ->
    d_step {
      i = ROWS; do :: i > 0 -> i--; if :: row[i].open -> count++; if :: count >= LIMIT -> seen = seen | (1 << i) :: else fi :: else fi :: else -> break od;
      count = 0
    }
    do
    :: i < ROWS ->
       if :: seen & (1 << i) -> LOCK(rowLock[i]); if :: row[i].open -> mine = mine | (1 << i) :: else fi :: else fi;
       i++
    :: else -> break
    od;
    i = 0; seen = 0
  :: else fi;
#endif
  d_step { judge() }
  d_step {
    if
    :: isGood ->
#ifdef LIMIT
       i = 0;
       do
       :: i < ROWS ->
          if :: mine & (1 << i) -> row[i].open = 0; revoked[row[i].index] = 1 :: else fi;
          FREE(rowLock[i]); i++
       :: else -> break
       od;
#endif
       row[r].open = 1; row[r].index = index; row[r].since[USER] = basis[USER]; row[r].since[CLIENT] = basis[CLIENT];
#ifdef LIMIT
       count = 0; i = 0; do :: i < ROWS -> count = count + row[i].open; i++ :: else -> break od;
       LIMITED = (count <= LIMIT); assert(LIMITED);
#endif
    :: else
    fi;
    mine = 0; count = 0; i = 0;
#ifdef USER_SHARED
    UNSHARE(userLock);
#else
    FREE(userLock);
#endif
    if :: sharesClient -> UNSHARE(clientLock); sharesClient = 0 :: else fi;
    COMMIT
  }
  if :: !isGood -> goto again :: else fi;
  release(r);
over: skip
}
