-- How much the store had of an open upload when the sweeper last looked. Rows exist only for unfinished uploads.
create table measured_uploads (
    upload_id text primary key references uploads (id) on delete cascade,
    stored_bytes integer not null,
    measured_at integer not null
) strict;
