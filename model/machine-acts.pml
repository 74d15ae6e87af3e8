/* What is taken from machines, and what is left of it for a cascade. Part of machines.pml. */

/* What one statement finds open, locked in the order of ids, each looked at again. */
inline lockOpen() {
  d_step { seen = 0; mine = 0; i = 0; do :: i < ROWS -> if :: row[i].open -> seen = seen | (1 << i) :: else fi; i++ :: else -> break od; i = 0 }
  do
  :: i < ROWS -> if :: seen & (1 << i) -> LOCK(rowLock[i]); if :: row[i].open -> mine = mine | (1 << i) :: else fi :: else fi; i++
  :: else -> break
  od;
  i = 0;
  d_step { seen = 0 }
}

/* Inside COMMIT. */
inline change(kind) {
  i = 0;
  do
  :: i < ROWS ->
     if
     :: mine & (1 << i) ->
        revoked[row[i].index] = 1; revoked[row[i].left] = 1;
        if :: ENDS(kind) -> row[i].open = 0 :: else -> row[i].revision++; row[i].index = 0; row[i].left = 0 fi
     :: else
     fi;
     FREE(rowLock[i]); i++
  :: else -> break
  od;
  i = 0; mine = 0
}

/* Whether there is anything for a cascade. */
inline hasOpen() { d_step { more = 0; i = 0; do :: i < ROWS -> more = more | row[i].open; i++ :: else -> break od; i = 0 } }

proctype Take(byte kind) {
  byte seen, mine, i; bit more;
  BEGIN;
#ifdef ASKED_BEFORE_LOCK
  hasOpen();
#endif
  if
  :: kind == OWNER || kind == LESS -> LOCK(ownerLock)
  :: kind == CLIENT || kind == NARROW -> LOCK(clientLock)
  :: kind == KEY -> LOCK(keyLock)
  :: else
  fi;
  if
  :: BY_CASCADE(kind) ->
#ifndef ASKED_BEFORE_LOCK
     hasOpen()
#endif
  :: else -> lockOpen()
  fi;
  d_step {
    if
    :: ENDS(kind) -> isGoodStill[kind] = 0
    :: kind == NARROW -> clientIsWide = 0
    :: kind == LESS -> ownerIsWide = 0
    :: else
    fi;
    if :: kind == CLIENT || kind == NARROW -> clientRevision++ :: kind == OWNER || kind == LESS -> ownerRevision++ :: else fi;
    taken[kind]++;
    change(kind);
#ifndef NO_CASCADE_OF_OWN_KEYS
    recorded[kind] = BY_CASCADE(kind) && more;
#endif
    FREE(ownerLock); FREE(clientLock); FREE(keyLock); COMMIT;
    acting--
  }
}

/* A server, or the command that began it. */
proctype Worker() {
  byte kind, seen, mine, i;
  do
  :: d_step { acting == 0 && !recorded[OWNER] && !recorded[LESS] -> skip }; break
  :: atomic { if :: recorded[OWNER] -> kind = OWNER :: recorded[LESS] -> kind = LESS fi }
     BEGIN; LOCK(cascadeLock[kind]);
     if :: recorded[kind] -> lockOpen() :: else fi;
     d_step {
       /* What ends asks until nobody is left; what takes goes on behind the last one, and these were all. */
       if :: mine == 0 || !ENDS(kind) -> recorded[kind] = 0 :: else fi;
       change(kind);
       FREE(cascadeLock[kind]); COMMIT; kind = 0
     }
  od
}

/* --- A run, and what must be so at its end ------------------------------------------------------------------------------------------- */

#define HAS(n, kind) (token[n].basis[kind] < taken[kind])
#define IS_TAKEN(n) (HAS(n, OWNER) || HAS(n, CLIENT) || HAS(n, KEY) || (token[n].wide && (HAS(n, NARROW) || HAS(n, LESS))) || HAS(n, TOKEN))

init {
  byte i, count;
  d_step {
    if :: ROWS_BEFORE -> row[0].open = 1 :: else fi;
#ifndef WITHOUT_INDEX
    row[0].index = ROWS_BEFORE
#endif
  }
  atomic {
    do :: i < GRANTS -> run Grant(i); i++ :: else -> break od;
    i = 0;
#ifdef DISABLE_OWNER
    acting++; run Take(OWNER);
#endif
#ifdef DISABLE_CLIENT
    acting++; run Take(CLIENT);
#endif
#ifdef REVOKE_KEY
    acting++; run Take(KEY);
#endif
#ifdef NARROW_CLIENT
    acting++; run Take(NARROW);
#endif
#ifdef LESS_FOR_OWNER
    acting++; run Take(LESS);
#endif
#ifdef REVOKE_TOKEN
    acting++; run Take(TOKEN);
#endif
    do :: i < WORKERS -> run Worker(); i++ :: else -> break od;
    i = 0
  }
  _nr_pr == 1;
  d_step {
    OVER = !recorded[OWNER] && !recorded[LESS]; assert(OVER);
    do
    :: i < ROWS ->
       OPEN = !row[i].open || (row[i].since[OWNER] == taken[OWNER] && row[i].since[CLIENT] == taken[CLIENT] && row[i].since[KEY] == taken[KEY]);
       assert(OPEN); count = count + row[i].open; i++
    :: else -> break
    od;
    ONE = (count <= 1); assert(ONE);
    i = 0;
    do
    :: i < GRANTS ->
       if
       :: token[i].index != 0 ->
          SHOWN = revoked[token[i].index] || !IS_TAKEN(i); assert(SHOWN);
          HELD = revoked[token[i].index] || (row[token[i].row].open && (row[token[i].row].index == token[i].index || row[token[i].row].left == token[i].index));
          assert(HELD)
       :: else
       fi;
       i++
    :: else -> break
    od
  }
}
