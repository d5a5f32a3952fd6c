-- Since when servers can tell how long nothing has happened: silence before that was measured by a clock that was set, or may have been
-- set while no server ran. The other columns are of the last start of the only server of a database: by the clock of leases, and by the
-- boot of its machine.
create table watches (
    one bigint primary key not null check (one = 1),
    since bigint not null,
    started_at bigint not null,
    boot_id text,
    boot_ms bigint,
    awake_ms bigint,
    -- When a start last found that the clock had been set by more than ten minutes.
    set_at bigint
);
