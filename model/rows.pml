/* Every access token hangs on one row: sign-ins, refreshes and repeats beside every act that takes something, and its cascades.
 * One user, one client, one role that the user has; all rows are theirs. docs/model.md names the properties and where each step lies in src.
 */
#include "db.pml"

/* How much of each: a case says what differs. */
#ifndef SESSIONS        /* that there are at the start */
#define SESSIONS 1
#endif
#ifndef SIGN_INS
#define SIGN_INS 0
#endif
#ifndef REFRESHES
#define REFRESHES 0
#endif
#ifndef REPEATS
#define REPEATS 0
#endif
#ifndef WORKERS         /* servers and commands that go on with cascades */
#define WORKERS 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef BATCH           /* rows that one write changes: 200 in src */
#define BATCH 2
#endif
#ifndef ATTEMPTS        /* of one request: more in src; with one act the second sees what the act has done */
#define ATTEMPTS 2
#endif
#define ROWS     (SESSIONS + SIGN_INS)
#define REQUESTS (SIGN_INS + REFRESHES + REPEATS)
/* Never given twice; 0 is none, 1 to SESSIONS are those of the start. */
#define FRESH_INDEX (SESSIONS + 1 + slot * ATTEMPTS + attempts - 1)
#define INDICES  (SESSIONS + 1 + REQUESTS * ATTEMPTS)

/* What is taken, and by what. */
#define USER    0       /* users disable: ends the rows of the user */
#define CLIENT  1       /* clients disable: ends the rows of the client */
#define NARROW  2       /* clients update: takes the indices of the client's rows */
#define LOST    3       /* roles revoke: takes the indices of the user's rows */
#define UPDATED 4       /* roles update: those of everybody who has the role */
#define GONE    5       /* roles delete: likewise, and then the role itself */
#define TOKEN   6       /* an access token of row 0 is revoked */
#define KINDS   7
#define REST(kind) ((kind) + 3)      /* of a user whom a cascade over a role visits: what one write did not reach */
#define CASCADES 9
#define ENDS(kind)    ((kind) <= CLIENT)
#define OF_ROLE(kind) ((kind) == UPDATED || (kind) == GONE)

typedef Row { bit open; byte revision; byte index; byte left; byte since[2] }
typedef Token { byte row; byte index; bit base; bit wide; byte basis[KINDS] }

Row row[ROWS];
Token token[REQUESTS + 1];
bit revoked[INDICES];
bit isActive[2];                            /* the user, the client */
byte clientRevision; bit clientIsWide = 1;
#ifdef WITHOUT_ROLE
bit hasRole;
#else
bit hasRole = 1;
#endif
byte role = 2;                              /* gives 2: base and wide; 1: base; 0: nothing */
bit recorded[CASCADES]; byte cursor[CASCADES];
Lock userLock, clientLock, roleLock, rowLock[ROWS], cascadeLock[CASCADES];

byte taken[KINDS];                          /* how often, by committed acts */
byte kills = KILLS; byte acting;

/* One name for each property, so that a violation says which. */
hidden byte GATE, RIGHTS, SHOWN, HELD, OPEN, OVER, LATER, LIMITED, ASKED;

/* As they are read: nobody has a role that is being deleted, though it is there for its cascade. */
#define ROLES (hasRole && role > 0 -> role + 1 : 0)
#define BASE(roles) ((roles) >= 2)
#define WIDE(roles) ((roles) == 3)

inline remember(kind) { basis[kind] = taken[kind] }

#include "tokens.pml"
#include "acts.pml"
#include "cascades.pml"

/* --- A run, and what must be so at its end ------------------------------------------------------------------------------------------- */

#define HAS(n, kind) (token[n].basis[kind] < taken[kind])
#define IS_TAKEN(n) (HAS(n, USER) || HAS(n, CLIENT) || (token[n].wide && (HAS(n, NARROW) || HAS(n, UPDATED))) || (token[n].base && (HAS(n, LOST) || HAS(n, GONE))) || (token[n].row == 0 && HAS(n, TOKEN)))

init {
  byte i;
  d_step {
    isActive[USER] = 1; isActive[CLIENT] = 1;
    i = 0;
    do
    :: i < SESSIONS -> row[i].open = 1;
#ifndef WITHOUT_INDEX
       row[i].index = i + 1;
#endif
       i++
    :: else -> break
    od;
    i = 0
  }
  atomic {
    do :: i < REFRESHES -> run Refresh(i, SESSIONS - 1 - i % SESSIONS, 0); i++ :: else -> break od;
    do :: i < REFRESHES + REPEATS -> run Refresh(i, 0, 1); i++ :: else -> break od;
    do :: i < REQUESTS -> run SignIn(i, SESSIONS + i - REFRESHES - REPEATS); i++ :: else -> break od;
    i = 0;
#ifdef DISABLE_USER
    acting++; run Take(USER);
#endif
#ifdef DISABLE_CLIENT
    acting++; run Take(CLIENT);
#endif
#ifdef NARROW_CLIENT
    acting++; run Take(NARROW);
#endif
#ifdef REVOKE_ROLE
    acting++; run Take(LOST);
#endif
#ifdef ENABLE_USER
    acting++; run Enable(USER);
#endif
#ifdef ENABLE_CLIENT
    acting++; run Enable(CLIENT);
#endif
#ifdef UPDATE_ROLE
    acting++; run ChangeRole(UPDATED);
#endif
#ifdef DELETE_ROLE
    acting++; run ChangeRole(GONE);
#endif
#ifdef GRANT_ROLE
    acting++; run GrantRole();
#endif
#ifdef REVOKE_TOKEN
    acting++; run RevokeToken();
#endif
#ifdef REVOKE_TOKEN_AGAIN
    acting++; run RevokeToken();
#endif
    do :: i < WORKERS -> run Worker(); i++ :: else -> break od;
    i = 0
  }
  _nr_pr == 1;
  d_step {
    OVER = !recorded[0] && !recorded[1] && !recorded[2] && !recorded[3] && !recorded[4] && !recorded[5] && !recorded[7] && !recorded[8];
    assert(OVER);
    do
    :: i < ROWS ->
       OPEN = !row[i].open || (row[i].since[USER] == taken[USER] && row[i].since[CLIENT] == taken[CLIENT]);
       assert(OPEN); i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < REQUESTS ->
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
