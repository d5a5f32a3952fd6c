-- Work that cannot be done now is tried again later, each at its own time, so that it delays nothing else: how often
-- it was tried, and when it is tried next. Times are by the clock of leases (db/clock.rs).
alter table uploads add column tries bigint not null default 0;
alter table uploads add column next_try_at bigint;
alter table tombstones add column tries bigint not null default 0;
alter table tombstones add column next_try_at bigint;

-- When a Complete was last sent, or is still under way. Until long after that, the store's silence does not prove
-- that there will be no object. By the clock of leases.
alter table uploads add column attempted_at bigint;
-- The checksum from reading the object back.
alter table uploads add column proven_crc64nvme text;

-- Ended uploads, whose rows are kept for some time.
create index uploads_finished on uploads (expires_at) where state = 'completed' or parts_freed_at is not null;

drop index tombstones_by_age;
create index tombstones_due on tombstones ((coalesce(next_try_at, 0)), created_at);
