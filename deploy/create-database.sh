# Run once by the image of PostgreSQL, when the volume is new: Signet's role owns its database, and is no administrator.
psql --username="$POSTGRES_USER" -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/database-password)" <<'SQL'
create role signet login password :'password';
create database signet owner signet;
revoke connect, temporary on database signet from public;
SQL
