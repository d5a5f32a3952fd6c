-- The mark of the drive's store: an object with this id in its key. A store without it is another store, and what it
-- lacks proves nothing. `next_id` is the mark of a store to which the drive was copied, until a server starts there. No
-- backup contains either.
create table store_mark (
    one bigint primary key not null check (one = 1),
    id text not null,
    next_id text,
    created_at bigint not null
);

-- The last time that a server on this database knew. A server whose clock is far from it waits before it removes
-- anything because of its age.
create table clock_seen (
    one bigint primary key not null check (one = 1),
    seen_at bigint not null
);
