-- Grants. A grant is a token with the scope `drive_grant`, so it ends with the token that created it. This row says
-- what its holder may upload. `types` is a list with spaces between the types. `metadata` is a JSON object.
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

-- Uploads and items of a grant. Each has its own copy of what the application attached, because it lives longer than
-- the grant.
alter table uploads add column grant_id text;
alter table uploads add column external_id text;
alter table uploads add column metadata text;
alter table items add column grant_id text;
alter table items add column external_id text;
alter table items add column metadata text;

-- How much of a grant is used, and the list of its uploads.
create index uploads_of_grant on uploads (grant_id, created_at, id, state, size_bytes) where grant_id is not null;
create index items_of_grant on items (grant_id) where grant_id is not null;
-- Grants of a user in the order of their list, and grants that have ended.
create index grants_of_user on tokens (user_id, workspace_id, created_at, id) where scopes = 'drive_grant';
create index grants_ended on tokens (expires_at) where scopes = 'drive_grant';
-- How many grants of a token are valid.
create index grants_of_token on tokens (parent_id, expires_at) where scopes = 'drive_grant' and revoked_at is null;
