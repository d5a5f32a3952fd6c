-- Since when the only server of this database can tell how long nothing has happened: silence before that was measured by a clock that may
-- have been set while no server ran. The other columns are of its last start: by the clock of leases, and by the boot of the machine.
create table watches (
    one bigint primary key not null check (one = 1),
    since bigint not null,
    started_at bigint not null,
    boot_id text,
    boot_ms bigint
);
