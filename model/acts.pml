/* Acts that take something, with as many rows as one write may change. Part of rows.pml. */

#define FROM_THE_END (kind == CLIENT)

/* What one statement finds open behind `after`, locked in the order of ids, each looked at again, BATCH at most. */
inline lockOpen(after) {
  d_step {
    seen = 0; mine = 0; count = 0; i = 0;
    do :: i < ROWS -> if :: row[i].open && i >= after -> seen = seen | (1 << i) :: else fi; i++ :: else -> break od;
    i = 0
  }
  do
  :: i < ROWS && count < BATCH ->
#ifdef NO_ORDER
     x = (FROM_THE_END -> ROWS - 1 - i : i);
#else
     x = i;
#endif
     if :: seen & (1 << x) -> LOCK(rowLock[x]); if :: row[x].open -> mine = mine | (1 << x); count++ :: else fi :: else fi;
     i++
  :: else -> break
  od;
  i = 0;
  d_step { seen = 0; count = 0; x = 0 }
}

/* A statement after that: whether there are others, behind the last of these if indices are taken. */
inline hasOpen(kind) {
  d_step {
    more = 0; next = 0; i = 0;
    do :: i < ROWS -> if :: mine & (1 << i) -> next = i + 1 :: else fi; i++ :: else -> break od;
    i = 0;
    do :: i < ROWS -> if :: row[i].open && !(mine & (1 << i)) && (ENDS(kind) || i >= next) -> more = 1 :: else fi; i++ :: else -> break od;
    i = 0
  }
}

/* Inside COMMIT. */
inline change(kind) {
  i = 0;
  do
  :: i < ROWS ->
     if
     :: mine & (1 << i) ->
        if :: kind <= CLIENT -> LATER = (row[i].since[kind] < taken[kind]); assert(LATER) :: else fi;
        revoked[row[i].index] = 1;
#ifndef NO_LEFT_INDEX
        revoked[row[i].left] = 1;
#endif
        if
        :: ENDS(kind) -> row[i].open = 0
        :: else ->
#ifdef NO_REVISION_WITHOUT_INDEX
           if :: row[i].index != 0 -> row[i].revision++ :: else fi;
#else
           row[i].revision++;
#endif
           row[i].index = 0; row[i].left = 0
        fi
     :: else
     fi;
     FREE(rowLock[i]); i++
  :: else -> break
  od;
  i = 0; mine = 0
}

#ifdef NO_RECORD
#define RECORD(cascade, where) skip
#else
#define RECORD(cascade, where) recorded[cascade] = 1; cursor[cascade] = where
#endif

/* Disables the user or the client, or narrows the client: that and the first batch in one write. */
proctype Take(byte kind) {
  byte seen, mine, count, i, x, next; bit more;
  BEGIN;
  if :: kind == USER || kind == LOST -> LOCK(userLock) :: else -> LOCK(clientLock) fi;
  if :: kind == LOST -> LOCK(roleLock) :: else fi;
  lockOpen(0);
  hasOpen(kind);
  d_step {
    if
    :: kind == USER -> isActive[USER] = 0
    :: kind == CLIENT -> isActive[CLIENT] = 0; clientRevision++
    :: kind == NARROW -> clientIsWide = 0; clientRevision++
    :: kind == LOST -> hasRole = 0
    fi;
    taken[kind]++;
    change(kind);
    if :: more -> RECORD(kind, next) :: else fi;
    FREE(userLock); FREE(clientLock); FREE(roleLock); COMMIT;
    acting--
  }
}

/* Over the user: also what is left of a visit because of a role. */
#define UNDER_WAY(kind) (recorded[kind] || recorded[kind + 2 + (kind == USER)] || (kind == USER && (recorded[REST(UPDATED)] || recorded[REST(GONE)])))

proctype Enable(byte kind) {
  bit again;
  do
  ::
#ifndef NO_WAIT_OF_ENABLE
     !UNDER_WAY(kind);
#endif
     BEGIN;
     if :: kind == USER -> LOCK(userLock) :: else -> LOCK(clientLock) fi;
#ifndef NO_QUESTION_UNDER_LOCK
     again = UNDER_WAY(kind);
#endif
     d_step {
       if :: !again -> isActive[kind] = 1; if :: kind == CLIENT -> clientRevision++ :: else fi :: else fi;
       FREE(userLock); FREE(clientLock); COMMIT
     }
     if :: !again -> break :: else fi
  od;
  acting--
}

/* Updates or deletes the role: the first write changes it and records the cascade, nothing else. */
proctype ChangeRole(byte kind) {
  bit isNeeded = 1;
  BEGIN; LOCK(roleLock);
#ifdef LISTED_BEFORE_COMMIT
  isNeeded = hasRole;
#endif
  d_step {
    if
    :: role != 0 -> role = (kind == GONE -> 0 : 1); taken[kind]++; recorded[kind] = isNeeded; cursor[kind] = 0
    :: else
    fi;
    FREE(roleLock); COMMIT;
    acting--
  }
}

proctype GrantRole() {
  BEGIN; LOCK(userLock);
#ifndef NO_ROLE_LOCK_OF_GRANT
  LOCK(roleLock);
#endif
  d_step { if :: role != 0 -> hasRole = 1 :: else fi; FREE(roleLock); FREE(userLock); COMMIT; acting-- }
}

/* An access token of row 0: takes the index that this token carries, and no other that the row got meanwhile. */
proctype RevokeToken() {
  byte asked, mine, i;
  BEGIN;
  asked = (row[0].open -> row[0].index : 0);
  if
  :: asked != 0 ->
     LOCK(rowLock[0]);
#ifdef NO_INDEX_AT_TAKE
     mine = row[0].open
#else
     mine = row[0].open && (row[0].index == asked || row[0].left == asked)
#endif
  :: else
  fi;
  d_step {
    ASKED = !mine || row[0].index == asked || row[0].left == asked; assert(ASKED);
    taken[TOKEN] = taken[TOKEN] + mine;
    change(TOKEN);
    FREE(rowLock[0]); COMMIT;
    acting--; asked = 0
  }
}
