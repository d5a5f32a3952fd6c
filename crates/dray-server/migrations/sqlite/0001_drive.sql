-- Times are milliseconds since 1970; ids are 24 hexadecimal characters. Only types that Postgres has too.

create table workspaces (
    id text primary key not null,
    name text not null,
    slug text not null unique,
    description text not null,
    picture text,
    created_at bigint not null,
    updated_at bigint not null
);

create table users (
    id text primary key not null,
    email text not null unique,
    name text not null,
    created_at bigint not null
);

create table memberships (
    workspace_id text not null references workspaces (id),
    user_id text not null references users (id),
    role text not null check (role in ('owner', 'member')),
    created_at bigint not null,
    primary key (workspace_id, user_id)
);

create table tokens (
    id text primary key not null,
    hash text not null unique,
    workspace_id text not null,
    user_id text not null,
    scopes text not null,
    created_at bigint not null,
    expires_at bigint not null,
    revoked_at bigint,
    foreign key (workspace_id, user_id) references memberships (workspace_id, user_id)
);

create table uploads (
    id text primary key not null,
    workspace_id text not null references workspaces (id),
    user_id text not null references users (id),
    parent_id text,
    item_id text not null,
    name text not null,
    mime_type text not null,
    size_bytes bigint not null check (size_bytes >= 0),
    object_key text not null unique,
    store_token text not null,
    store_upload_id text unique,
    state text not null
        check (state in ('opening', 'open', 'completing', 'completed', 'aborted', 'expired')),
    digest text,
    lease_holder text,
    lease_until bigint,
    parts_freed_at bigint,
    created_at bigint not null,
    expires_at bigint not null
);

-- What the sweeper looks through: uploads that have not come to their end.
create index uploads_unfinished on uploads (expires_at)
    where state <> 'completed' and parts_freed_at is null;

create table items (
    id text primary key not null,
    workspace_id text not null references workspaces (id),
    owner_id text not null references users (id),
    parent_id text references items (id),
    kind text not null check (kind in ('file', 'folder')),
    name text not null,
    mime_type text,
    size_bytes bigint,
    object_key text,
    upload_id text unique references uploads (id),
    created_at bigint not null,
    updated_at bigint not null,
    check ((kind = 'file') = (object_key is not null and size_bytes is not null and mime_type is not null))
);

create index items_parent on items (workspace_id, parent_id);
