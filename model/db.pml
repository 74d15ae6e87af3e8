/* What the two databases promise, and no more (docs/model.md). A write keeps what it changes to itself until COMMIT, which shows all of it in
 * one step; one that dies before has changed nothing, and its locks are free.
 *
 * SQLite: BEGIN IMMEDIATE is one lock for the whole file; who reads beside it sees what is committed.
 * PostgreSQL (-DPOSTGRES), READ COMMITTED: every statement has a snapshot of its own. A statement that has waited for a row looks at the
 * columns of that row again, and at nothing else: what it asked of other tables is as it was when the statement began.
 */
typedef Lock { byte owner; byte sharers }

#define ME (_pid + 1)

#ifdef POSTGRES
#define BEGIN        skip
#define COMMIT       skip
/* FOR UPDATE, FOR NO KEY UPDATE, and any UPDATE or DELETE */
#define LOCK(lock)   atomic { lock.owner == 0 && lock.sharers == 0 -> lock.owner = ME }
/* FOR SHARE */
#define SHARE(lock)  atomic { lock.owner == 0 -> lock.sharers++ }
#define FREE(lock)   if :: lock.owner == ME -> lock.owner = 0 :: else fi
#define UNSHARE(lock) lock.sharers--
/* What an UPDATE of one row waits for. */
#define IS_FREE(lock) (lock.owner == 0)
#else
byte writer;
#define BEGIN        atomic { writer == 0 -> writer = ME }
#define COMMIT       if :: writer == ME -> writer = 0 :: else fi
#define LOCK(lock)   skip
#define SHARE(lock)  skip
#define FREE(lock)   skip
#define UNSHARE(lock) skip
#define IS_FREE(lock) (1)
#endif
