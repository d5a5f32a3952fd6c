-- The key that signs URLs which lead to an external store through this server (--s3-relay). All servers of a database
-- share it, so that each can check what another has signed. The first server that needs it creates it. No backup
-- contains it.
create table relay_key (
    one bigint primary key not null check (one = 1),
    access_key_id text not null,
    secret_access_key text not null,
    created_at bigint not null
);
