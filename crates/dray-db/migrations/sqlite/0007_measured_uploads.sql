-- What the store had of an open upload when the sweeper last looked. Rows are only about work under way.
create table measured_uploads (
    upload_id text primary key references uploads (id) on delete cascade,
    stored_bytes integer not null,
    measured_at integer not null
) strict;
