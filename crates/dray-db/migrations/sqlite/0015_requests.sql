-- File requests: a request is a token with the scope `drive_request`, which nobody holds. The grants of its submitters are tokens
-- with the scope `drive_submitter` that descend from it, so they end with it. `tokens.expires_at` is its deadline, and
-- `tokens.revoked_at` is when it was closed. `types` has a space between them.
create table requests (
    id text primary key not null references tokens (id) on delete cascade,
    slug text not null unique,
    title text not null,
    message text not null,
    deadline bigint,
    password_hash text,
    password_changed_at bigint,
    asks_name text not null check (asks_name in ('no', 'optional', 'required')),
    asks_email text not null check (asks_email in ('no', 'optional', 'required')),
    folder_each boolean not null,
    max_submitters bigint not null,
    max_files bigint not null,
    max_file_bytes bigint,
    max_bytes bigint,
    max_total_files bigint,
    max_total_bytes bigint,
    types text not null,
    on_conflict text not null check (on_conflict in ('keep', 'rename')),
    created_at bigint not null,
    -- The folder to which the token that made the request was confined: the request works only inside of it.
    confined_to text
);

-- Who uploads to a request, with one grant each. `sent_at` is when their first upload was started.
create table submitters (
    id text primary key not null references grants (id) on delete cascade,
    request_id text not null references requests (id) on delete cascade,
    name text,
    email text,
    created_at bigint not null,
    sent_at bigint
);
create index submitters_of_request on submitters (request_id, sent_at);
-- Submitters who have sent nothing are forgotten.
create index submitters_idle on submitters (created_at) where sent_at is null;
-- The requests of a user and of a folder.
create index requests_of_user on tokens (user_id, workspace_id, created_at, id) where scopes = 'drive_request';
create index requests_of_folder on tokens (folder_id, created_at, id) where scopes = 'drive_request';

-- Uploads and items of a request, also after the request is deleted.
alter table uploads add column request_id text;
alter table items add column request_id text;
create index uploads_of_request on uploads (request_id, created_at, id, state, size_bytes) where request_id is not null;
