-- How often the password of a file request was changed. Each submitter has the number of the password that they entered. Null:
-- the submitter is older than this column, so the time of the last change (`password_changed_at`, which is no longer written)
-- decides.
alter table requests add column password_generation bigint not null default 0;
alter table submitters add column password_generation bigint;

-- The network that a submitter came from: one IPv4 address or one IPv6 /48. What strangers may use up is counted by it. It is
-- removed when their grant has ended. Null: not known, so the submitter counts as a network of their own.
alter table submitters add column network text;
create index submitters_of_network on submitters (created_at) where network is not null;

-- How many uploads of a grant have been removed from `uploads`, so that starting and aborting again and again has an end.
alter table grants add column forgotten_uploads bigint not null default 0;
-- Uploads of strangers that ended without a file.
create index uploads_of_requests_ended on uploads (parts_freed_at)
    where request_id is not null and state in ('aborted', 'expired') and parts_freed_at is not null;
