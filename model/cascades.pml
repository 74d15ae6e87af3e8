/* Going on with what one write could not do. Part of rows.pml. */

#define KILL if :: atomic { kills > 0 -> kills--; goto dead } :: skip fi

#ifdef NO_CURSOR
#define BEHIND(kind) 0
#else
#define BEHIND(kind) (ENDS(kind) -> 0 : cursor[kind])
#endif
#ifdef DELETED_BY_ANY
#define DELETES_ROLE(kind) (role == 0)
#else
#define DELETES_ROLE(kind) (kind == GONE)
#endif

/* A server, or the command that began it: one batch after the other of what is recorded. */
proctype Worker() {
  byte kind, seen, mine, count, i, x, next; bit more, visits;
  do
  :: d_step { acting == 0 && !recorded[0] && !recorded[1] && !recorded[2] && !recorded[3] && !recorded[4] && !recorded[5] && !recorded[7] && !recorded[8] -> skip };
     break
  :: atomic {
       if
       :: recorded[USER] -> kind = USER
       :: recorded[CLIENT] -> kind = CLIENT
       :: recorded[NARROW] -> kind = NARROW
       :: recorded[LOST] -> kind = LOST
       :: recorded[UPDATED] -> kind = UPDATED
       :: recorded[GONE] -> kind = GONE
       :: recorded[REST(UPDATED)] -> kind = REST(UPDATED)
       :: recorded[REST(GONE)] -> kind = REST(GONE)
       fi
     }
     KILL;
     BEGIN;
#ifndef NO_CASCADE_LOCK
     LOCK(cascadeLock[kind]);
     if :: !recorded[kind] -> d_step { FREE(cascadeLock[kind]); COMMIT; kind = 0 }; goto passed :: else fi;
#endif
#ifdef STOPS_WHEN_ENABLED
     if :: ENDS(kind) && isActive[kind] -> d_step { recorded[kind] = 0; FREE(cascadeLock[kind]); COMMIT; kind = 0 }; goto passed :: else fi;
#endif
     if
     :: OF_ROLE(kind) ->                                  /* one user a write */
        visits = hasRole && cursor[kind] == 0;
        if
        :: visits ->
#ifndef NO_USER_LOCK_OF_VISIT
           LOCK(userLock);
#endif
           lockOpen(0); hasOpen(kind); KILL;
           d_step { change(kind); cursor[kind] = 1; if :: more -> RECORD(REST(kind), next) :: else fi }
        :: else ->
           d_step { if :: role == 0 && DELETES_ROLE(kind) -> hasRole = 0 :: else fi; recorded[kind] = 0 }
        fi
     :: else ->
        lockOpen(BEHIND(kind)); KILL;
        d_step {
          if
          :: mine == 0 -> recorded[kind] = 0              /* over: a look has found nobody */
          :: else -> next = 0; i = 0; do :: i < ROWS -> if :: mine & (1 << i) -> next = i + 1 :: else fi; i++ :: else -> break od;
             cursor[kind] = next; change(kind)
          fi
        }
     fi;
     d_step { FREE(userLock); i = 0; do :: i < ROWS -> FREE(rowLock[i]); i++ :: else -> break od; FREE(cascadeLock[kind]); COMMIT; i = 0; kind = 0; next = 0; more = 0; visits = 0 }
passed: skip
  od;
dead: skip;
  d_step { FREE(userLock); i = 0; do :: i < ROWS -> FREE(rowLock[i]); i++ :: else -> break od; FREE(cascadeLock[kind]); COMMIT }
}
