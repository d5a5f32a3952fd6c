-- Work that cannot be done now is tried again later. Each piece of work has its own time for that, so that it delays
-- no other work. The columns say how often it was tried and when it is tried next, by the clock of leases (clock.rs).
alter table uploads add column tries bigint not null default 0;
alter table uploads add column next_try_at bigint;
alter table tombstones add column tries bigint not null default 0;
alter table tombstones add column next_try_at bigint;

-- When a Complete was last sent or known to be under way, by the clock of leases. For some time after that, a store
-- that has no object proves nothing: the object may still appear.
alter table uploads add column attempted_at bigint;
-- The checksum from reading the object back.
alter table uploads add column proven_crc64nvme text;

-- Ended uploads, whose rows are kept for some time.
create index uploads_finished on uploads (expires_at) where state = 'completed' or parts_freed_at is not null;

drop index tombstones_by_age;
create index tombstones_due on tombstones ((coalesce(next_try_at, 0)), created_at);
