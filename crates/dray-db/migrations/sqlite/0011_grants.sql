-- Grants: a grant is a token with the scope `drive_grant`, so that it ends with the token that made it, and this row says what its
-- holder may upload. `types` has a space between them. `metadata` is a JSON object.
create table grants (
    id text primary key not null references tokens (id) on delete cascade,
    max_files bigint not null,
    max_file_bytes bigint,
    max_bytes bigint,
    types text not null,
    on_conflict text not null check (on_conflict in ('keep', 'rename')),
    external_id text,
    metadata text
);

-- Uploads and items of a grant. What its application attached stands in each, because it outlives the grant.
alter table uploads add column grant_id text;
alter table uploads add column external_id text;
alter table uploads add column metadata text;
alter table items add column grant_id text;
alter table items add column external_id text;
alter table items add column metadata text;

-- What a grant was used for, and the list of its uploads.
create index uploads_of_grant on uploads (grant_id, created_at, id, state, size_bytes) where grant_id is not null;
create index items_of_grant on items (grant_id) where grant_id is not null;
-- Grants of a user in the order of their list, and grants that have ended.
create index grants_of_user on tokens (user_id, workspace_id, created_at, id) where scopes = 'drive_grant';
create index grants_ended on tokens (expires_at) where scopes = 'drive_grant';
-- How many grants of a token are good.
create index grants_of_token on tokens (parent_id, expires_at) where scopes = 'drive_grant' and revoked_at is null;

-- File requests: a request is a token with the scope `drive_request`, which nobody holds. It is the maker of the grants of all
-- submitters, so they end with it. `expires_at` is its deadline; it was closed if it is revoked.
create table requests (
    id text primary key not null references tokens (id) on delete cascade,
    slug text not null unique,
    title text not null,
    message text not null,
    deadline bigint,
    password_hash text,
    asks_name text not null check (asks_name in ('no', 'optional', 'required')),
    asks_email text not null check (asks_email in ('no', 'optional', 'required')),
    folder_each boolean not null,
    max_submitters bigint not null,
    max_files bigint not null,
    max_file_bytes bigint,
    max_bytes bigint,
    types text not null,
    on_conflict text not null check (on_conflict in ('keep', 'rename')),
    created_at bigint not null
);

-- Who sends files to a request: one grant each.
create table submitters (
    id text primary key not null references grants (id) on delete cascade,
    request_id text not null references requests (id) on delete cascade,
    name text,
    email text,
    created_at bigint not null
);
create index submitters_of_request on submitters (request_id, created_at, id);
create index submitters_by_age on submitters (created_at);
create index requests_of_user on tokens (user_id, workspace_id) where scopes = 'drive_request';
