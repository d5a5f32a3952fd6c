-- What URLs are signed with that lead to another store through this server (--s3-relay). One for all servers of a database,
-- so that each can check what another has signed. Made by the first server that needs it; it is in no backup.
create table relay_key (
    one bigint primary key not null check (one = 1),
    access_key_id text not null,
    secret_access_key text not null,
    created_at bigint not null
);
